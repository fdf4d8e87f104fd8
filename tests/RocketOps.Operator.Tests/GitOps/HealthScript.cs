using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using KeraLua;
using RocketOps.Operator.Tests.Support;

namespace RocketOps.Operator.Tests.GitOps;

/// <summary>Runs one of our health scripts as Argo CD does: the object in <c>obj</c>, a table with status and message out, and no library but the base one and <c>table</c>.</summary>
internal sealed class HealthScript
{
    // Argo CD opens these two, and of os what tells the time, which no script of ours needs. Its Lua is 5.1, which knows no integers: every number goes in as a float.
    private const string OnlyWhatArgoOpens =
        """
        getmetatable("").__index = nil
        for _, name in ipairs({ "string", "math", "io", "os", "debug", "coroutine", "utf8", "package", "require" }) do
          _G[name] = nil
        end
        """;

    private readonly string _source;

    public HealthScript(string source) => _source = source;

    public static IReadOnlyList<string> Kinds { get; } = ["BrokerCluster", "Topic", "ConsumerGroup"];

    public static HealthScript Of(string kind) => new(Source(kind));

    public static string Source(string kind) => File.ReadAllText(Repository.Path("deploy", "argocd", "rocketops.io", kind, "health.lua"));

    public (string Status, string Message) Run(JsonNode entity)
    {
        using Lua lua = new() { Encoding = Encoding.UTF8 };
        Do(lua, OnlyWhatArgoOpens);
        Push(lua, entity);
        lua.SetGlobal("obj");
        lua.SetTop(0);
        Do(lua, _source);
        lua.Type(-1).Should().Be(LuaType.Table, "Argo CD takes nothing else");
        return (Text(lua, "status"), Text(lua, "message"));
    }

    private static void Do(Lua lua, string source)
    {
        if (lua.DoString(source))
        {
            throw new InvalidOperationException(lua.ToString(-1));
        }
    }

    private static string Text(Lua lua, string field)
    {
        lua.GetField(-1, field).Should().Be(LuaType.String, field);
        string text = lua.ToString(-1);
        lua.Pop(1);
        return text;
    }

    private static void Push(Lua lua, JsonNode? node)
    {
        lua.CheckStack(4).Should().BeTrue();
        switch (node)
        {
            case JsonObject map:
                lua.NewTable();
                foreach ((string name, JsonNode? value) in map)
                {
                    Push(lua, value);
                    lua.SetField(-2, name);
                }

                break;
            case JsonArray list:
                lua.NewTable();
                for (int i = 0; i < list.Count; i++)
                {
                    Push(lua, list[i]);
                    lua.RawSetInteger(-2, i + 1);
                }

                break;
            case null:
                lua.PushNil();
                break;
            default:
                PushScalar(lua, node.GetValue<JsonElement>());
                break;
        }
    }

    private static void PushScalar(Lua lua, JsonElement scalar)
    {
        switch (scalar.ValueKind)
        {
            case JsonValueKind.True or JsonValueKind.False:
                lua.PushBoolean(scalar.GetBoolean());
                break;
            case JsonValueKind.Number:
                lua.PushNumber(scalar.GetDouble());
                break;
            default:
                lua.PushString(scalar.GetString());
                break;
        }
    }
}
