using System.Text.Json;
using RocketOps.Interop.Tests.Clients;
using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests;

/// <summary>Apache's Java clients filter by properties: every server delivers the same messages for an expression, and refuses the same ones.</summary>
public abstract class SqlFilterTests(ServerFixture fixture)
{
    private const int MessagesOfEach = 4;

    /// <summary>Of each kind: message i has <c>kitSeq</c> i, and tags A and B in turn.</summary>
    private static readonly (string Name, string[] Properties)[] Kinds = [("cheap", ["price=5"]), ("red", ["price=15.5", "color=red"]), ("free", ["color=it's"])];

    private ServerUnderTest Server => fixture.Server;

    [SkippableFact]
    public async Task Subscribe_BySql_ReceivesWhatMatches()
    {
        foreach (string version in fixture.JavaVersions)
        {
            JavaClient client = new(version, Server.NameServerAddress);
            string topic = await SendAsync(client, version);

            // With push consumers the expression comes with heartbeats, with lite pull consumers in each pull too.
            (await ReceiveAsync(client, topic, "push", "price > 10.5", MessagesOfEach)).Should().Equal("red-0", "red-1", "red-2", "red-3");
            (await ReceiveAsync(client, topic, "push", "TAGS IN ('A') AND kitSeq >= 2", Kinds.Length)).Should().Equal("cheap-2", "free-2", "red-2");
            (await ReceiveAsync(client, topic, "litepull", "price BETWEEN 10.5 AND 20.5 AND NOT (kitSeq = 1)", 3)).Should().Equal("red-0", "red-2", "red-3");
            (await ReceiveAsync(client, topic, "litepull", "price IS NULL AND color = 'it''s' AND kitSeq < 2", 2)).Should().Equal("free-0", "free-1");
            (await ReceiveAsync(client, topic, "push", "5.5 <> price AND kitSeq = 3 -- a missing price is another one", Kinds.Length)).Should().Equal("cheap-3", "free-3", "red-3");
        }
    }

    [SkippableFact]
    public async Task Subscribe_MalformedSql_FailsAtTheStart()
    {
        JavaClient client = new(fixture.JavaVersions[^1], Server.NameServerAddress);
        await Topics.CreateAsync(Server, "SqlMalformed", queues: 1);

        Func<Task> receive = () => ReceiveAsync(client, "SqlMalformed", "push", "price >", 1);

        (await receive.Should().ThrowAsync<Exception>()).Which.Message.Should().Contain("CODE: 23").And.Contain("line 1, column");
    }

    private static async Task<IReadOnlyList<string>> ReceiveAsync(JavaClient client, string topic, string mode, string sql, int count)
    {
        string group = $"g_{topic}_{Guid.NewGuid():N}";
        IReadOnlyList<JsonElement> lines = await client.RunAsync(
            "receive", topic, "--group", group, "--mode", mode, "--sql", sql, "--from", "first", "--count", count.ToString(System.Globalization.CultureInfo.InvariantCulture), "--seconds", "120");
        return [.. lines.Where(static line => line.GetProperty("event").GetString() == "message").Select(static line => line.GetProperty("keys").GetString()!).Order(StringComparer.Ordinal)];
    }

    private async Task<string> SendAsync(JavaClient client, string version)
    {
        string topic = $"Sql_{version.Replace('.', '_')}";
        await Topics.CreateAsync(Server, topic, queues: 2);
        foreach ((string name, string[] properties) in Kinds)
        {
            await client.RunAsync("send", topic, ["--count", $"{MessagesOfEach}", "--tag", "A,B", "--keys", name, .. properties.SelectMany(static property => new[] { "--property", property })]);
        }

        return topic;
    }
}
