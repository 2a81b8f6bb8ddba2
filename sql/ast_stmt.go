package sql

import "github.com/apache/arrow/go/v14/arrow"

// Statement is one statement of a script.
type Statement interface {
	Node
	statement()
}

// Option is one entry of OPTIONS (key = 'value'). Keys keep the user's
// spelling; they compare case-insensitively.
type Option struct {
	Key       string
	KeySpan   Span
	Value     string
	ValueSpan Span
}

// ColumnDef is a column of CREATE TABLE or CREATE STREAM.
type ColumnDef struct {
	Name    Ident
	Type    arrow.DataType
	NotNull bool
	Comment string
}

// ObjectKind is what CREATE, DROP and SHOW speak of.
type ObjectKind string

// The kinds of object.
const (
	KindStream   ObjectKind = "STREAM"
	KindTable    ObjectKind = "TABLE"
	KindView     ObjectKind = "VIEW"
	KindModel    ObjectKind = "MODEL"
	KindQuery    ObjectKind = "QUERY"
	KindFunction ObjectKind = "FUNCTION"
)

type (
	// Create is CREATE [OR REPLACE] [TEMPORARY] STREAM | TABLE | MODEL [IF NOT
	// EXISTS] name [(columns)] USING connector [OPTIONS (...)], or, with Query set
	// and Using perhaps empty, CREATE TABLE ... AS SELECT.
	Create struct {
		Span
		Kind        ObjectKind
		OrReplace   bool
		IfNotExists bool
		Name        Ident
		Columns     []ColumnDef
		Using       Ident
		Options     []Option
		Comment     string
		Query       *Query
	}

	// CreateView is CREATE [OR REPLACE] [TEMPORARY] VIEW name [(columns)] AS query.
	// Text is the query's text after the expansion of variables; Query.Span is
	// where it stands.
	CreateView struct {
		Span
		OrReplace   bool
		IfNotExists bool
		Name        Ident
		Columns     []Ident
		Query       *Query
		Text        string
	}

	// CreateQuery is CREATE [OR REPLACE] QUERY [IF NOT EXISTS] name [OPTIONS (...)] AS INSERT ....
	CreateQuery struct {
		Span
		OrReplace   bool
		IfNotExists bool
		Name        Ident
		Options     []Option
		Insert      *Insert
	}

	// Drop is DROP kind [IF EXISTS] name.
	Drop struct {
		Span
		Kind     ObjectKind
		IfExists bool
		Name     Ident
	}

	// Insert is INSERT INTO [TABLE] name [(columns)] query. Overwrite is INSERT
	// OVERWRITE.
	Insert struct {
		Span
		Overwrite bool
		Table     Ident
		Columns   []Ident
		Query     *Query
	}

	// SelectStmt is a query as a statement.
	SelectStmt struct {
		Span
		Query *Query
	}

	// Explain is EXPLAIN [EXTENDED | FORMATTED] statement.
	Explain struct {
		Span
		Mode string // "", EXTENDED, FORMATTED
		Stmt Statement
	}

	// Describe is DESCRIBE name (Kind "" or the kind given) or DESCRIBE QUERY query
	// (Query set). For DESCRIBE QUERY, Kind is KindQuery.
	Describe struct {
		Span
		Kind     ObjectKind
		Extended bool
		Name     Ident
		Query    *Query
	}

	// Show is SHOW STREAMS | TABLES | VIEWS | MODELS | FUNCTIONS | QUERIES [[LIKE]
	// 'pattern'].
	Show struct {
		Span
		Kind ObjectKind
		Like string
	}

	// Cache is CACHE TABLE name [AS query].
	Cache struct {
		Span
		Name  Ident
		Query *Query
	}

	// Uncache is UNCACHE TABLE [IF EXISTS] name.
	Uncache struct {
		Span
		IfExists bool
		Name     Ident
	}

	// Set is SET name = value; SET alone or SET name shows (Value unset).
	Set struct {
		Span
		Name     string
		HasValue bool
		Value    string
	}

	// Await is AWAIT ALL AVAILABLE, AWAIT QUERY name [AVAILABLE]. All is true
	// without a name; Available false waits for the query's end.
	Await struct {
		Span
		Name      Ident
		All       bool
		Available bool
	}

	// Stop is STOP QUERY name, or STOP ALL QUERIES (All).
	Stop struct {
		Span
		Name Ident
		All  bool
	}
)

func (*Create) statement()      {}
func (*CreateView) statement()  {}
func (*CreateQuery) statement() {}
func (*Drop) statement()        {}
func (*Insert) statement()      {}
func (*SelectStmt) statement()  {}
func (*Explain) statement()     {}
func (*Describe) statement()    {}
func (*Show) statement()        {}
func (*Cache) statement()       {}
func (*Uncache) statement()     {}
func (*Set) statement()         {}
func (*Await) statement()       {}
func (*Stop) statement()        {}
