# Thin: the work is in scripts/ and CMakePresets.json. make quickstart Q='a question of your own'
export Q

quickstart:
	scripts/quickstart.sh

test:
	scripts/test.sh

check-all:
	scripts/check-all.sh

bench:
	scripts/bench.sh

clean:
	rm -rf build dist .venv

.PHONY: quickstart test check-all bench clean
