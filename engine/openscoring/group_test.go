package openscoring

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// groupedDocument is an association model of transactions, whose items are in
// records of their own.
const groupedDocument = `<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header/>
<DataDictionary><DataField name="transaction" optype="categorical" dataType="string"/><DataField name="item" optype="categorical" dataType="string"/></DataDictionary>
<AssociationModel functionName="associationRules" numberOfTransactions="9" numberOfItems="3" minimumSupport="0.1" minimumConfidence="0.5" numberOfItemsets="4" numberOfRules="2">
<MiningSchema><MiningField name="transaction" usageType="group"/><MiningField name="item"/></MiningSchema>
<Output><OutputField name="then" optype="categorical" dataType="string" feature="ruleValue" ruleFeature="consequent" algorithm="exclusiveRecommendation"/>
<OutputField name="confidence" optype="continuous" dataType="double" feature="ruleValue" ruleFeature="confidence" algorithm="exclusiveRecommendation"/></Output>
<Item id="1" value="beer"/><Item id="2" value="chips"/><Item id="3" value="wine"/>
<Itemset id="a"><ItemRef itemRef="1"/></Itemset><Itemset id="b"><ItemRef itemRef="2"/></Itemset><Itemset id="c"><ItemRef itemRef="1"/><ItemRef itemRef="2"/></Itemset><Itemset id="d"><ItemRef itemRef="3"/></Itemset>
<AssociationRule antecedent="a" consequent="b" support="0.3" confidence="0.6"/><AssociationRule antecedent="c" consequent="d" support="0.2" confidence="0.9"/></AssociationModel></PMML>`

// TestGroups makes one row of the records that have the same value of the group
// field, as Openscoring 2.1.1 was seen to.
func TestGroups(t *testing.T) {
	s := newServer(t, Config{})
	w := admin(s, http.MethodPut, "/openscoring/model/a", "text/xml", groupedDocument)
	if w.Code != http.StatusCreated || !strings.Contains(w.Body.String(), `"groupFields" : [ {
      "id" : "transaction",`) || strings.Contains(w.Body.String(), "targetFields") {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	const chips, wine = `{"then":"{chips}","confidence":0.6}`, `{"then":"{wine}","confidence":0.9}`
	for _, c := range []struct {
		name, path, contentType, body string
		code                          int
		want                          string
	}{
		{"merged", "/batch", "", `{"id":"b","requests":[{"id":"1","arguments":{"transaction":"t","item":"beer"}},{"id":"2","arguments":{"transaction":"u","item":"beer"}},{"id":"3","arguments":{"transaction":"t","item":"chips"}}]}`,
			200, `{"id":"b","responses":[{"results":` + wine + `},{"results":` + chips + `}]}`},
		{"apart", "/batch", "", `{"id":"b","requests":[{"id":"1","arguments":{"transaction":"t","item":["beer"]}},{"id":"2","arguments":{"transaction":"u","item":["beer","chips"]}}]}`,
			200, `{"id":"b","responses":[{"id":"1","results":` + chips + `},{"id":"2","results":` + wine + `}]}`},
		{"no group", "/batch", "", `{"requests":[{"id":"1","arguments":{"item":"beer"}},{"id":"2","arguments":{"item":"chips"}}]}`, 200, `{"responses":[{"results":` + wine + `}]}`},
		{"lists, numbers and nothing", "/batch", "", `{"requests":[{"arguments":{"transaction":1,"item":["beer","x"]}},{"arguments":{"transaction":1}},{"arguments":{"transaction":1,"item":[]}},{"arguments":{"transaction":1,"item":"chips"}},{"arguments":{"transaction":"1","item":7}}]}`,
			200, `{"responses":[{"results":` + wine + `},{"results":{"then":null,"confidence":null}}]}`},
		{"no arguments", "/batch", "", `{"requests":[{"id":"1","arguments":{"item":"beer"}},{"id":"2"}]}`, 400, `isnull`},
		{"one", "", "", `{"id":"1","arguments":{"transaction":"t","item":["chips","beer"]}}`, 200, `{"id":"1","results":` + wine + `}`},
		{"CSV, merged", "/csv", "text/csv", "Id,transaction,item\n1,t,beer\n2,u,beer\n3,t,chips\n", 200, "Id,then,confidence\n,{wine},0.9\n,{chips},0.6\n"},
		{"CSV, apart", "/csv", "text/csv", "Id,transaction,item\n1,t,beer\n2,u,\"[\"\"chips\"\",\"\"beer\"\"]\"\n", 200, "Id,then,confidence\n1,{chips},0.6\n2,{wine},0.9\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.contentType == "" {
				c.contentType = "application/json"
			}
			w := admin(s, http.MethodPost, "/openscoring/model/a"+c.path, c.contentType, c.body)
			got := w.Body.String()
			if c.contentType == "application/json" {
				got = regexp.MustCompile(`\s+`).ReplaceAllString(got, "")
				c.want = strings.ReplaceAll(c.want, " ", "")
			}
			if w.Code != c.code || got != c.want && (c.code == 200 || !strings.Contains(got, c.want)) {
				t.Errorf("%d %s, want %d %s", w.Code, got, c.code, c.want)
			}
		})
	}
	s.cfg.MaxRows = 2
	if w := admin(s, http.MethodPost, "/openscoring/model/a/batch", "application/json", `{"requests":[`+strings.Repeat(`{"arguments":{"item":"x"}},`, 2)+`{"arguments":{"item":"x"}}]}`); w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
