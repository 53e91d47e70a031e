#include "core/lua/interpreter.h"

#include <gtest/gtest.h>

#include "core/lua/handler.h"
#include "core/lua/store.h"

namespace slipway::lua {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

Event upload(std::string path = "/in/a.txt") {
  Event event;
  event.action = "pre-upload";
  event.username = "ann";
  event.virtual_path = std::move(path);
  event.protocol = "SFTP";
  event.ip = "192.0.2.7";
  event.file_size = 12;
  return event;
}

// A script and its state.
class Sandbox {
 public:
  explicit Sandbox(std::string text, Limits limits = {}) : Sandbox(std::vector<std::string>{std::move(text)}, limits) {}
  explicit Sandbox(const std::vector<std::string>& texts, Limits limits = {}) {
    for (const std::string& text : texts)
      scripts_.push_back({"/etc/" + name(scripts_.size()), name(scripts_.size()), text});
    auto made = Interpreter::make(limits, store_, scripts_);
    if (made)
      interpreter_ = *std::move(made);
    else
      problem_ = made.error().message();
  }
  const std::string& problem() const { return problem_; }
  Interpreter& operator*() { return *interpreter_; }
  Interpreter* operator->() { return interpreter_.get(); }
  // "allowed", or the reason.
  std::string ask(const Event& event = upload()) {
    if (!interpreter_) return "not loaded: " + problem_;
    const Status status = interpreter_->before({}, event);
    if (status) return "allowed";
    EXPECT_EQ(status.code(), Errc::PermissionDenied);
    return status.error().cause();
  }
  Store& store() { return store_; }

 private:
  static std::string name(std::size_t i) { return std::string(1, static_cast<char>('a' + i)) + ".lua"; }
  Store store_;
  std::vector<Script> scripts_;
  std::unique_ptr<Interpreter> interpreter_;
  std::string problem_;
};

// What `expression` is, as text.
std::string value_of(const std::string& expression, Limits limits = {}) {
  Sandbox sandbox("on('pre-upload', function(ev) deny(tostring(" + expression + ")) end)", limits);
  return sandbox.ask();
}

TEST(Interpreter, AHandlerAllowsOrDenies) {
  EXPECT_EQ(Sandbox("on('pre-upload', function(ev) end)").ask(), "allowed");
  EXPECT_EQ(Sandbox("on('pre-upload', function(ev) return true end)").ask(), "allowed");
  EXPECT_EQ(Sandbox("on('pre-upload', function(ev) return nil, 'x' end)").ask(), "allowed");
  EXPECT_EQ(Sandbox("on('pre-upload', function(ev) return false, 'because' end)").ask(), "because");
  EXPECT_EQ(Sandbox("on('pre-upload', function(ev) return false end)").ask(), "denied by a script");
  EXPECT_EQ(Sandbox("on('pre-upload', function(ev) deny('no') end)").ask(), "no");
  EXPECT_EQ(Sandbox("on('pre-upload', function(ev) pcall(deny, 'no') end)").ask(), "no");
  EXPECT_EQ(Sandbox("on('pre-download', function(ev) return false end)").ask(), "allowed");
}

TEST(Interpreter, AFailingHandlerDenies) {
  EXPECT_EQ(Sandbox("on('pre-upload', function(ev) error('x') end)").ask(), "internal error in script");
  EXPECT_EQ(Sandbox("on('pre-upload', function(ev) error({}) end)").ask(), "internal error in script");
  EXPECT_EQ(Sandbox("on('pre-upload', function(ev) return 0 end)").ask(), "internal error in script");
  EXPECT_EQ(Sandbox("on('pre-upload', function(ev) return ev.nothing.at end)").ask(), "internal error in script");
}

TEST(Interpreter, TheFirstVetoEndsTheRun) {
  Sandbox sandbox(Texts{
      "on('pre-upload', function() state.set('a', true) end) on('pre-upload', function() return false, 'first' end)",
      "on('pre-upload', function() state.set('b', true) return false, 'second' end)"});
  EXPECT_EQ(sandbox.ask(), "first");
  EXPECT_TRUE(sandbox.store().get("a"));
  EXPECT_FALSE(sandbox.store().get("b"));
}

TEST(Interpreter, FiltersDecideWhichHandlersRun) {
  const std::string script =
      "on('pre-upload, pre-delete', {path = {'/in/**', '/x'}, user = 'a*', protocol = {'SFTP', 'FTP'}}, function() "
      "return false, 'hit' end)";
  Sandbox sandbox(script);
  ASSERT_EQ(sandbox.problem(), "");
  EXPECT_EQ(sandbox.ask(upload("/in/a/b")), "hit");
  EXPECT_EQ(sandbox.ask(upload("/x")), "hit");
  EXPECT_EQ(sandbox.ask(upload("/y")), "allowed");
  Event event = upload();
  event.username = "bob";
  EXPECT_EQ(sandbox.ask(event), "allowed");
  event = upload();
  event.protocol = "DAV";
  EXPECT_EQ(sandbox.ask(event), "allowed");
  event = upload();
  event.action = "pre-delete";
  EXPECT_EQ(sandbox.ask(event), "hit");
  event = upload("/elsewhere");
  event.virtual_target_path = "/in/target";
  EXPECT_EQ(sandbox.ask(event), "hit");
}

TEST(Interpreter, AnEventHasAllItsFields) {
  Event event = upload();
  event.metadata = {{"k", "v"}};
  event.at = Timestamp(std::chrono::nanoseconds(1'700'000'000'123'456'789));
  Sandbox sandbox(R"(on('pre-upload', function(ev)
    local n = 0
    for k, v in pairs(ev) do n = n + 1; assert(type(k) == 'string') end
    deny(n .. ev.action .. ev.username .. ev.virtual_path .. ev.file_size .. ev.timestamp .. ev.metadata.k .. ev.target_path .. math.type(ev.elapsed))
  end))");
  EXPECT_EQ(sandbox.ask(event), "26pre-uploadann/in/a.txt121700000000123456789vinteger");
}

TEST(Interpreter, MistakesOfTheMainPartAreSaidWithFileAndLine) {
  const auto problem = [](const char* text) { return Sandbox(text).problem(); };
  EXPECT_EQ(problem("\nthis is not Lua"), "a.lua:2: syntax error near 'is'");
  EXPECT_EQ(problem("\n\nerror('boom')").substr(0, 13), "a.lua:3: boom");
  EXPECT_NE(problem("on('uplaod', function() end)").find("unknown event \"uplaod\", did you mean \"upload\"?"),
            std::string::npos);
  EXPECT_NE(problem("on('upload', {pth='/x'}, function() end)").find("unknown member \"pth\""), std::string::npos);
  EXPECT_NE(problem("on('upload', {path='/[x'}, function() end)").find("malformed"), std::string::npos);
  EXPECT_NE(problem("on('upload', {user='[x'}, function() end)").find("malformed"), std::string::npos);
  EXPECT_NE(problem("on('upload', {path={}}, function() end)").find("1 to 1000 members"), std::string::npos);
  EXPECT_NE(problem("on('upload', {path={1}}, function() end)").find("list of texts"), std::string::npos);
  EXPECT_NE(problem("on('upload')").find("function expected"), std::string::npos);
  EXPECT_NE(problem("on('', function() end)").find("on() needs the name"), std::string::npos);
  EXPECT_NE(problem("deny('x')").find("only events that start"), std::string::npos);
  EXPECT_NE(problem("\x1bLua").find("attempt to load a binary chunk"), std::string::npos);
  EXPECT_EQ(Sandbox(Texts{"on('upload', function() end)", "nonsense("}).problem().substr(0, 8), "b.lua:1:");
}

TEST(Interpreter, HandlersAreRegisteredByTheMainPartOnly) {
  EXPECT_EQ(Sandbox("on('pre-upload', function() on('upload', function() end) end)").ask(), "internal error in script");
}

TEST(Interpreter, AfterEventsCannotBeDeniedAndAllHandlersRun) {
  Sandbox sandbox(R"(on('upload', function() deny('x') end)
                     on('upload', function() error('y') end)
                     on('upload', function(ev) state.set('seen', ev.virtual_path) end))");
  Event event = upload();
  event.action = "upload";
  sandbox->after({}, event);
  EXPECT_EQ(sandbox.store().get("seen"), Store::Value(std::string("/in/a.txt")));
}

TEST(Interpreter, NothingReachesOutOfTheState) {
  for (const char* name :
       {"io", "os", "debug", "package", "coroutine", "require", "load", "loadstring", "loadfile", "dofile", "print",
        "collectgarbage", "warn", "string.dump", "string.pack", "string.unpack", "_G.io", "_ENV.os"})
    EXPECT_EQ(value_of(name), "nil") << name;
  EXPECT_EQ(value_of("getmetatable('')"), "false");
  EXPECT_EQ(value_of("('x').dump"), "nil");
  EXPECT_EQ(value_of("pcall(setmetatable, '', {})"), "false");
  EXPECT_EQ(value_of("pcall(setmetatable, {}, {__gc = function() end})"), "false");
  EXPECT_EQ(value_of("getmetatable(setmetatable({}, {__index = {}})) ~= nil"), "true");
}

TEST(Interpreter, ScriptsDoNotShareGlobalsOrLibraries) {
  Sandbox sandbox(Texts{"x = 1; string.upper = nil; math.pi = 3; json.null = 1",
                        "on('pre-upload', function() deny(tostring(x) .. string.upper('a') .. "
                        "('b'):upper() .. math.floor(math.pi * 100) .. tostring(json.null == 1)) end)"});
  EXPECT_EQ(sandbox.ask(), "nilAB314false");
}

TEST(Interpreter, AnEndlessLoopIsStoppedHoweverItIsWritten) {
  const Limits limits{.instructions = 200'000};
  for (const char* body : {
           "while true do end",
           "while true do pcall(function() while true do end end) end",
           "while true do xpcall(function() while true do end end, function() while true do end end) end",
           "local function f() pcall(f) end while true do f() end",
           "local t = setmetatable({}, {__index = function(t, k) while true do end end}) pcall(function() return t.x "
           "end) while true do end",
           "local function f() return f() end f()",
           "repeat local ok = pcall(error) until false",
           "for i = 1, math.huge do end",
           "local x <close> = setmetatable({}, {__close = function() while true do end end}) error('x')",
           "table.sort({3, 2, 1, 4}, function() while true do end end)",
           "('x'):gsub('x', function() while true do end end)",
           "tostring(setmetatable({}, {__tostring = function() while true do end end}))",
       }) {
    Sandbox sandbox(
        std::string("on('pre-upload', function() ") + body + " end)\non('pre-delete', function() deny('alive') end)",
        limits);
    EXPECT_EQ(sandbox.ask(), "internal error in script") << body;
    Event event = upload();
    event.action = "pre-delete";
    EXPECT_EQ(sandbox.ask(event), "alive") << body;  // the state is as good as before
  }
}

TEST(Interpreter, WorkInsideOfFunctionsOfTheLibraryIsLimited) {
  const Limits limits{.instructions = 500'000};
  for (const char* body : {
           "('a'):rep(40):find(('a*'):rep(8) .. 'b')",
           "('a'):rep(300):match('.-.-.-.-b')",
           "for _ in ('a'):rep(300):gmatch(('a*'):rep(8) .. 'b') do end",
           "('a'):rep(300):gsub(('a*'):rep(8) .. 'b', '')",
           "while true do (''):rep(1 << 62, '') end",
           "('x'):rep(1 << 40)",
           "(''):rep(1 << 40, 'x')",
           "table.concat({}, '', 1, 1 << 40)",
           "table.unpack({}, 1, 1 << 40)",
           "table.unpack({}, math.mininteger, math.maxinteger)",
           "table.move({}, 1, 1 << 40, 2)",
           "table.move({}, math.mininteger, math.maxinteger, 2)",
           "table.insert(setmetatable({}, {__len = function() return 1 << 40 end}), 1, 'x')",
           "table.sort(setmetatable({}, {__len = function() return 1 << 30 end}))",
           "local t = {} for i = 62, 0, -1 do t[1 << i] = true end for i = 1, 17 do t[i] = true end table.insert(t, 1, "
           "'x')",
           "local t = {} for i = 62, 0, -1 do t[1 << i] = true end for i = 1, 17 do t[i] = true end json.encode(t)",
           "local s = ('x'):rep(100000) while true do pcall(string.lower, s) end",
           "local t = {} for i = 1, 50000 do t[i] = i end while true do pcall(table.concat, t) end",
           "local t = {} for i = 1, 50000 do t[i] = i % 7 end while true do pcall(table.sort, t) end",
           "local t = {} t.t = t json.encode(t)",
           "local s = ('['):rep(100000) while true do json.decode(s) end",
           "while true do pcall(string.rep, 'x', 10000000) end",
       }) {
    Sandbox sandbox(std::string("on('pre-upload', function() ") + body + " end)", limits);
    EXPECT_EQ(sandbox.ask(), "internal error in script") << body;
  }
}

TEST(Interpreter, TheMainPartIsLimitedToo) {
  EXPECT_NE(Sandbox("while true do pcall(function() while true do end end) end", {.instructions = 100'000})
                .problem()
                .find("instruction limit"),
            std::string::npos);
  EXPECT_NE(
      Sandbox("local t = {} while true do t[#t + 1] = {} end", {.memory = 1024 * 1024}).problem().find("memory limit"),
      std::string::npos);
}

TEST(Interpreter, TimeIsLimited) {
  Sandbox sandbox("on('pre-upload', function() while true do end end)",
                  {.instructions = 1'000'000'000'000, .time = 20ms});
  EXPECT_EQ(sandbox.ask(), "internal error in script");
  Sandbox patient("on('pre-upload', function() while true do end end)",
                  {.instructions = 1'000'000'000'000, .time = 1h});
  const OpContext ctx{.deadline = std::chrono::steady_clock::now() + 20ms};
  EXPECT_FALSE(patient->before(ctx, upload()));
}

TEST(Interpreter, MemoryIsLimitedAndAStateThatRanOutIsWornOut) {
  const Limits limits{.memory = 1024 * 1024};
  Sandbox sandbox(
      "kept = {}\non('pre-upload', function() while true do kept[#kept + 1] = ('x'):rep(1000) .. #kept end end)",
      limits);
  EXPECT_EQ(sandbox.ask(), "internal error in script");
  EXPECT_TRUE(sandbox->worn_out());
  EXPECT_LE(sandbox->memory(), limits.memory);
  // An error that the script catches gets it no further.
  Sandbox catching("on('pre-upload', function() local s = 'x' while true do pcall(function() s = s .. s end) end end)",
                   limits);
  EXPECT_EQ(catching.ask(), "internal error in script");
  EXPECT_LE(catching->memory(), limits.memory);
}

TEST(Interpreter, DeepRecursionIsAnErrorAndNoCrash) {
  for (const char* body : {"local function f() return 1 + f() end f()",
                           "local t = setmetatable({}, {}) getmetatable(t).__index = t return t.x",
                           "local function f() pcall(f) error() end f()",
                           "return ('x'):gsub('x', function() return ('x'):gsub('x', f) end)",
                           "local s = 'x' local function f(s) return s:gsub('.', f) end f(s)"})
    EXPECT_EQ(Sandbox(std::string("on('pre-upload', function() ") + body + " end)").ask(), "internal error in script")
        << body;
  const std::string deep(10'000, '(');
  EXPECT_NE(Sandbox("x = " + deep).problem(), "");
}

TEST(Interpreter, TextFunctionsWorkAsInTheManual) {
  EXPECT_EQ(value_of("('a,b,,c'):gsub(',', ';')"), "a;b;;c");
  EXPECT_EQ(value_of("select(2, ('abc'):gsub('%w', '%0%0'))"), "3");
  EXPECT_EQ(value_of("('hello world'):gsub('%w+', '%0 %0', 1)"), "hello hello world");
  EXPECT_EQ(value_of("('hello'):gsub('', '-')"), "-h-e-l-l-o-");
  EXPECT_EQ(value_of("('abc'):gsub('b', {b = 'X'})"), "aXc");
  EXPECT_EQ(value_of("('abc'):gsub('%w', function(c) if c == 'b' then return false end return c:upper() end)"), "AbC");
  EXPECT_EQ(value_of("('key = v'):gsub('(%w+) = (%w+)', '%2 = %1')"), "v = key");
  EXPECT_EQ(value_of("('abc'):gsub('()', '%1')"), "1a2b3c4");
  EXPECT_EQ(value_of("('aaa'):gsub('^a', 'b')"), "baa");
  EXPECT_EQ(value_of("table.concat({('a.b'):find('.', 1, true)}, ' ')"), "2 2");
  EXPECT_EQ(value_of("table.concat({('abc'):find('(b)(c)')}, ' ')"), "2 3 b c");
  EXPECT_EQ(value_of("('abc'):find('b', -1)"), "nil");
  EXPECT_EQ(value_of("('abc'):find('b', -2)"), "2");
  EXPECT_EQ(value_of("('abc'):find('', 10)"), "nil");
  EXPECT_EQ(value_of("('abc'):find('', 4)"), "4");
  EXPECT_EQ(value_of("('/in/a.TXT'):lower():match('%.(%w+)$')"), "txt");
  EXPECT_EQ(value_of("(function() local t = {} for k, v in ('a=1, b=2'):gmatch('(%w+)=(%w+)') do t[#t + 1] = k .. v "
                     "end return table.concat(t, ' ') end)()"),
            "a1 b2");
  EXPECT_EQ(value_of("(function() local n = 0 for _ in ('abc'):gmatch('') do n = n + 1 end return n end)()"), "4");
  EXPECT_EQ(value_of("('ab'):rep(3, '-')"), "ab-ab-ab");
  EXPECT_EQ(value_of("('x'):rep(0) .. ('x'):rep(-1) == ''"), "true");
  EXPECT_EQ(value_of("string.format('%5.1f|%s|%q', 3.14159, 'x', 'y')"), "  3.1|x|\"y\"");
  EXPECT_EQ(value_of("utf8.len('\\u{e4}b')"), "2");
  EXPECT_EQ(value_of("table.concat({3, 1, 2}, ',')"), "3,1,2");
  EXPECT_EQ(value_of("(function() local t = {3, 1, 2} table.sort(t) table.insert(t, 4) table.remove(t, 1) return "
                     "table.concat(t) end)()"),
            "234");
  EXPECT_EQ(value_of("pcall(string.gsub, 'x', 'x', '%2')"), "false");
  EXPECT_EQ(value_of("pcall(string.find, 'x', '[')"), "false");
}

TEST(Interpreter, JsonGoesBothWays) {
  EXPECT_EQ(value_of("json.encode({1, 2.5, 'x', true, json.null})"), R"([1,2.5,"x",true,null])");
  EXPECT_EQ(value_of("json.encode({a = {b = 'ä\"\\n'}})"), R"({"a":{"b":"ä\"\n"}})");
  EXPECT_EQ(value_of("json.encode({})"), "{}");
  EXPECT_EQ(value_of("json.encode('\\xFF')"), "\"\xEF\xBF\xBD\"");
  EXPECT_EQ(value_of("json.decode('{\"a\": [1, {\"b\": null}], \"n\": 9007199254740993}').a[2].b == json.null"),
            "true");
  EXPECT_EQ(value_of("json.decode('{\"n\": 9007199254740993}').n"), "9007199254740993");
  EXPECT_EQ(value_of("#json.decode('[1, 2, 3]')"), "3");
  EXPECT_EQ(value_of("select(2, json.decode('{')) ~= nil"), "true");
  EXPECT_EQ(value_of("json.decode('nonsense')"), "nil");
  for (const char* bad : {"print", "function() end", "0/0", "{[1.5] = 1}", "{a = {[true] = 1}}"})
    EXPECT_EQ(value_of(std::string("pcall(json.encode, ") + bad + ")") == "false" || std::string(bad) == "print", true)
        << bad;
}

TEST(Interpreter, StateIsSharedAndBounded) {
  Sandbox sandbox(R"(on('pre-upload', function(ev)
    local n = (state.get('count') or 0) + 1
    state.set('count', n)
    state.set('half', 0.5) state.set('flag', false) state.set('text', 'x')
    state.set('gone', 1) state.set('gone', nil)
    assert(state.get('half') == 0.5 and state.get('flag') == false and state.get('text') == 'x' and state.get('gone') == nil)
    assert(not pcall(state.set, ('k'):rep(300), 1) and not pcall(state.set, 'k', ('v'):rep(70000)))
    assert(not pcall(state.set, 'k', {}) and not pcall(state.set, 1, 1))
    deny(tostring(n))
  end))");
  EXPECT_EQ(sandbox.ask(), "1");
  EXPECT_EQ(sandbox.ask(), "2");
  EXPECT_EQ(sandbox.store().get("count"), Store::Value(std::int64_t{2}));
}

TEST(Interpreter, TimeIsTheClockInParts) {
  EXPECT_EQ(value_of("math.type(time())"), "integer");
  EXPECT_EQ(value_of("time() > 1700000000"), "true");
  EXPECT_EQ(value_of("time('utc').hour == (time() // 3600) % 24 or time('utc').minute == 0"), "true");
  EXPECT_EQ(value_of("time('local').year >= 2023 and time('local').weekday >= 1 and time('local').weekday <= 7"),
            "true");
  EXPECT_EQ(value_of("(time('utc').weekday - (time() // 86400 + 3) % 7) == 1"), "true");
  EXPECT_EQ(value_of("pcall(time, 'mars')"), "false");
}

TEST(Interpreter, AddressesAreLookedUpInNetworks) {
  EXPECT_EQ(value_of("in_network(ev.ip, {'10.0.0.0/8', '192.0.2.0/24'})"), "true");
  EXPECT_EQ(value_of("in_network(ev.ip, '10.0.0.0/8')"), "false");
  EXPECT_EQ(value_of("in_network('::1', '::/0')"), "true");
  EXPECT_EQ(value_of("in_network('nonsense', '0.0.0.0/0')"), "false");
  EXPECT_EQ(value_of("pcall(in_network, ev.ip, '10.0.0.0/99')"), "false");
}

TEST(Interpreter, LogLinesTakeTextsAndFields) {
  Sandbox sandbox(R"(on('pre-upload', function(ev)
    log.info('plain') log.warn('with fields', {a = 1, b = true, c = 'text', d = 1.5, e = {}}) log.debug(nil) log.error(12)
    for i = 1, 1000 do log.info('flood') end
    deny('done')
  end))");
  EXPECT_EQ(sandbox.ask(), "done");
}

TEST(Store, CountsWhatItHolds) {
  Store store;
  for (std::size_t i = 0; i < Store::kMaxKeys; ++i) ASSERT_TRUE(store.set(std::to_string(i), true));
  EXPECT_EQ(store.set("one more", true).code(), Errc::TooLarge);
  EXPECT_TRUE(store.set("0", std::int64_t{1}));
  store.erase("0");
  EXPECT_TRUE(store.set("one more", true));
  Store texts;
  std::size_t stored = 0;
  while (texts.set(std::to_string(stored), std::string(Store::kMaxValue, 'x'))) ++stored;
  EXPECT_EQ(stored, Store::kMaxTotal / Store::kMaxValue - 1);  // the keys need some room, too
  texts.erase("0");
  EXPECT_TRUE(texts.set("0", std::string(Store::kMaxValue, 'x')));
}

}  // namespace
}  // namespace slipway::lua
