#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# Real programs are stopped several times, with every thread in state T, and compared with the
# kernel's figures to the byte.

load lib/common

@test "python3 builds and frees objects" {
	need python3
	cat >"$DIR/objects.py" <<-'END'
		for _ in range(6):
		    objects = [bytes(1000) + b"%d" % i for i in range(100_000)]
		    del objects[::2]
		    table = {i: str(i) * 3 for i in range(200_000)}
		    del objects, table
	END
	compared real_programs --every 120 --times 5 -- python3 "$DIR/objects.py"
}

@test "python3 with threads and subprocesses" {
	need python3
	cat >"$DIR/threads.py" <<-'END'
		import subprocess, sys, threading

		def work():
		    for _ in range(4):
		        x = [list(range(100)) for _ in range(20_000)]

		threads = [threading.Thread(target=work) for _ in range(4)]
		text = "x = [str(i) * 9 for i in range(700_000)]"
		children = [subprocess.Popen([sys.executable, "-c", text]) for _ in range(2)]
		for t in threads: t.start()
		for t in threads: t.join()
		sys.exit(max(c.wait() for c in children))
	END
	compared real_programs --every 150 --times 4 -- python3 "$DIR/threads.py"
}

@test "sqlite3 loads a table in memory" {
	need sqlite3
	compared real_programs --every 150 --times 4 -- sqlite3 :memory: \
		"create table t(a integer primary key, b text);
		 with recursive n(i) as (select 1 union all select i + 1 from n where i < 3000000)
		 insert into t select i, 'row ' || i from n;
		 create index x on t(b); select count(*) from t;"
}

@test "node builds objects, with its collector's threads" {
	need node
	cat >"$DIR/objects.js" <<-'END'
		for (let round = 0; round < 16; round++) {
			const all = [];
			for (let i = 0; i < 300000; i++)
				all.push({ i, name: "object " + i, a: [i] });
		}
	END
	compared real_programs --every 120 --times 4 -- node "$DIR/objects.js"
}

@test "gcc compiles a file: driver, cc1, as" {
	need gcc
	python3 - >"$DIR/big.c" <<-'END'
		for i in range(400):
		    print(f"int f{i}(int a, int *b) {{ int s = 0; for (int i = 0; i < a; i++) "
		          f"s += b[i] * {i} + (b[a - i] ^ {i * 7}); "
		          f"return s ? s : f{max(0, i - 1)}(s, b); }}")
	END
	compared real_programs --every 200 --times 4 -- gcc -O2 -c -o "$DIR/big.o" "$DIR/big.c"
}

@test "redis-server under redis-benchmark" {
	need redis-server redis-benchmark redis-cli
	local port
	port=$(free_port)
	compared real_programs --every 100 --times 4 \
		--ready "redis-cli -p $port ping | grep -q PONG" \
		--load "redis-benchmark -p $port -n 30000 -r 100000 -d 256 -q -t set,lpush,get" \
		--stop "redis-cli -p $port shutdown nosave; true" -- \
		redis-server --port "$port" --bind 127.0.0.1 --save '' --appendonly no --dir "$DIR"
}

@test "nginx with two workers under load" {
	need nginx python3
	local port
	port=$(free_port)
	chmod 755 "$DIR"
	mkdir -m 755 "$DIR/www"
	head -c 200000 /dev/urandom >"$DIR/www/file"
	cat >"$DIR/nginx.conf" <<-END
		daemon off;
		worker_processes 2;
		pid $DIR/nginx.pid;
		error_log $DIR/error.log;
		events { worker_connections 64; }
		http {
			access_log off;
			gzip on; gzip_types application/octet-stream text/plain;
			default_type text/plain;
			client_body_temp_path $DIR/b; proxy_temp_path $DIR/p;
			fastcgi_temp_path $DIR/f; uwsgi_temp_path $DIR/u; scgi_temp_path $DIR/s;
			server { listen 127.0.0.1:$port; root $DIR/www; }
		}
	END
	cat >"$DIR/get.py" <<-END
		import urllib.request
		for i in range(250):
		    q = urllib.request.Request("http://127.0.0.1:$port/file",
		                               headers={"Accept-Encoding": "gzip"})
		    assert urllib.request.urlopen(q, timeout=20).read()
	END
	local connect="socket.create_connection((\"127.0.0.1\", $port)).close()"
	compared real_programs --every 60 --times 4 \
		--ready "python3 -c 'import socket; $connect'" \
		--load "python3 $DIR/get.py & python3 $DIR/get.py; wait" \
		--stop "kill -QUIT \$(cat $DIR/nginx.pid)" -- nginx -c "$DIR/nginx.conf" -p "$DIR"
}
