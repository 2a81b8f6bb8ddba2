# make help lists what there is.
GO ?= go
FUZZTIME ?= 10s

.DEFAULT_GOAL := help
.PHONY: help check build test race fuzz bench bench-gate golden lint ci boosted-models sparkml-models onnx-models bench-models bench-serve

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

check: ## the gate before a commit: format, vet, staticcheck, tests under the race detector
	MILLRACE_CI_STEPS='^(gofmt|go vet|staticcheck|go mod tidy|race detector)$$' bash .ci/run

build: ## build ./bin/millrace
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags='-s -w' -o bin/ ./cmd/millrace

test: ## run the tests
	$(GO) test ./...

race: ## run the tests under the race detector
	$(GO) test -race ./...

fuzz: ## run each fuzz target for FUZZTIME
	MILLRACE_CI_FUZZTIME=$(FUZZTIME) MILLRACE_CI_STEPS='^fuzz targets$$' bash .ci/run

bench: ## run the benchmarks
	$(GO) test -run '^$$' -bench . -timeout 30m ./...

bench-gate: ## fail when a ratio between two benchmarks of one run has fallen
	$(GO) run ./.ci/benchgate

golden: ## write what comes out into the golden files; look at the difference before you commit it
	MILLRACE_GOLDEN=rewrite $(GO) test ./...

lint: ## gofmt, vet, staticcheck; golangci-lint where it is installed
	MILLRACE_CI_STEPS='^(gofmt|go vet|staticcheck)$$' bash .ci/run
	@if command -v golangci-lint >/dev/null; then golangci-lint run; fi

ci: ## everything that CI runs: real Kafka, real Spark, 200 kills too
	bash .ci/run

boosted-models: ## train the XGBoost and LightGBM models of the tests anew, with the real libraries
	python3 -m venv bin/boosted-venv
	bin/boosted-venv/bin/pip install -q xgboost-cpu==3.2.0 lightgbm==4.7.0 numpy pandas scikit-learn
	bin/boosted-venv/bin/python testdata/xgboost/generate.py
	bin/boosted-venv/bin/python testdata/lightgbm/generate.py

onnx-models: ## make the ONNX documents of the tests anew, with the real onnxruntime
	python3 -m venv bin/onnx-venv
	bin/onnx-venv/bin/pip install -q onnx==1.23.2 onnxruntime==1.32.0 skl2onnx==1.20.0 onnxmltools==1.16.0 scikit-learn==1.9.1 numpy pandas xgboost-cpu==3.2.0 lightgbm==4.7.0
	bin/onnx-venv/bin/python testdata/onnx/generate.py
	bin/onnx-venv/bin/python testdata/onnx/ml_generate.py

sparkml-models: ## train the Spark ML models of the tests anew, with the real Spark (needs Java 17)
	python3 -m venv bin/sparkml-venv
	bin/sparkml-venv/bin/pip install -q pyspark==3.5.7 numpy setuptools
	bin/sparkml-venv/bin/python testdata/sparkml/generate.py

bench-models: ## time models beside jpmml-evaluator (needs Java 17 and Maven), scikit-learn, LightGBM, XGBoost and Spark ML
	python3 -m venv bin/benchmodels/venv
	bin/benchmodels/venv/bin/pip install -q numpy==2.4.6 scikit-learn==1.5.2 xgboost-cpu==3.2.0 lightgbm==4.7.0
	python3 -m venv bin/benchmodels/spark-venv
	bin/benchmodels/spark-venv/bin/pip install -q pyspark==3.5.7 numpy setuptools
	OMP_NUM_THREADS=1 bin/benchmodels/venv/bin/python .ci/benchmodels/generate.py bin/benchmodels
	bin/benchmodels/spark-venv/bin/python .ci/benchmodels/spark.py bin/benchmodels train
	mvn -q -B -f .ci/benchmodels/java -Dfolder=$(CURDIR)/bin/benchmodels package
	$(GO) run ./.ci/benchmodels $(BENCHFLAGS)

bench-serve: ## time millrace serve for 1, 8 and 64 clients, five runs; MILLRACE_BENCH_URL is another server's model
	$(GO) test -run '^$$' -bench '^BenchmarkServe$$' -benchtime 2s -count 5 -timeout 30m ./engine/openscoring
