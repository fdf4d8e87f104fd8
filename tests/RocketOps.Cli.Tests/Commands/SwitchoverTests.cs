using System.Text.Json;
using RocketOps.Cli.Tests.Support;
using RocketOps.Testing;
using RocketOps.Testing.Servers;

namespace RocketOps.Cli.Tests.Commands;

/// <summary>A group that elects its master, looked at and handed over through name servers alone.</summary>
[Collection(nameof(ClusterFixture))]
public sealed class SwitchoverTests(ClusterFixture classic)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Switchover_OfAnElectedGroup_IsShownByStatusAndWrongOnesSayWhy()
    {
        // Leases and a hand-over that no slowness ends.
        await using ElectedBrokers brokers = new(new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["replicationMode"] = "Sync",
            ["minInSyncReplicas"] = "1",
            ["leaseDurationMillis"] = "120000",
            ["leaseMarginMillis"] = "10000",
            ["handOverTimeoutMillis"] = "120000",
        });
        await brokers.StartAsync();
        string servers = brokers.NameServerAddress;
        await Eventually.TrueAsync(async () => (await StatusAsync(servers)).Count(static member => member.GetProperty("inSync").ValueKind == JsonValueKind.True) == 3, "all are shown in sync", Patience);
        string master = await brokers.MasterAsync();
        string target = new[] { "a", "b", "c" }.First(name => name != master);

        List<JsonElement> before = await StatusAsync(servers);
        before.Should().OnlyContain(static member => member.GetProperty("failover").GetString() == "automatic" && member.GetProperty("mode").GetString() == "Sync");
        before.Single(static member => member.GetProperty("role").GetString() == "master").GetProperty("member").GetString().Should().Be(master);
        before.Where(static member => member.GetProperty("role").GetString() == "slave").Should().OnlyContain(static member => member.GetProperty("lagBytes").GetDouble() >= 0);
        double epoch = before[0].GetProperty("epoch").GetDouble();

        CliRun done = (await CliRun.RunAsync("cluster", "switchover", "group-a", "--to", target, "-n", servers)).EnsureSuccess();

        done.Output.Should().MatchRegex($"^{target} leads group-a in epoch [0-9]+\\.\n$");
        await Eventually.TrueAsync(
            async () =>
            {
                JsonElement[] shown = [.. (await StatusAsync(servers)).Where(member => member.GetProperty("member").GetString() == target)];
                return shown is [JsonElement member] && member.GetProperty("epoch") is { ValueKind: JsonValueKind.Number } now && now.GetDouble() > epoch;
            },
            "the target is shown in a later epoch",
            Patience);
        await Eventually.TrueAsync(async () => (await ErrorAsync(servers, "group-a", target)).Contains($"{target} leads already (answered by ", StringComparison.Ordinal), "the new master is found", Patience);
        await Eventually.TrueAsync(
            async () => (await StatusAsync(servers)).Where(static member => member.GetProperty("inSync").ValueKind == JsonValueKind.True).DistinctBy(static member => member.GetProperty("member").GetString()).Count() == 3,
            "all are shown in sync with the new master",
            Patience);
        CliRun back = (await CliRun.RunAsync("cluster", "switchover", "group-a", "--to", master, "-n", servers, "-o", "json")).EnsureSuccess();
        JsonElement moved = JsonDocument.Parse(back.Output).RootElement.EnumerateArray().Should().ContainSingle().Subject;
        moved.GetProperty("epoch").GetDouble().Should().BeGreaterThan(epoch + 1);
        moved.EnumerateObject().Where(static field => field.Name != "epoch").Select(static field => (field.Name, field.Value.GetString())).Should()
            .Equal(("group", "group-a"), ("done", "moved"), ("from", target), ("to", master));
        await Eventually.TrueAsync(
            async () => (await ErrorAsync(servers, "group-a", "x")).StartsWith("rocketops: 'x' is no member of group-a; its members are a, b, c (groupMembers)", StringComparison.Ordinal),
            "the master that leads again says who its members are",
            Patience);
        (await ErrorAsync(servers, "group-b", "x")).Should().Be("rocketops: the name servers know no group group-b. Did you mean group-a?\n");
    }

    [Fact]
    public async Task Switchover_OfAGroupWithConfiguredRoles_SaysSo()
    {
        CliRun run = await classic.RunAsync("cluster", "switchover", "broker-a");

        run.ExitCode.Should().Be(1);
        run.Error.Should().StartWith("rocketops: the group broker-a does not elect its master, its roles are configured (brokerRole)");
        JsonElement status = JsonDocument.Parse((await classic.RunAsync("cluster", "status", "-o", "json")).EnsureSuccess().Output).RootElement[0];
        status.GetProperty("failover").GetString().Should().Be("classic");
        status.GetProperty("mode").GetString().Should().Be("Async");
    }

    private static async Task<List<JsonElement>> StatusAsync(string servers)
    {
        CliRun run = await CliRun.RunAsync("cluster", "status", "-o", "json", "-n", servers);
        return run.Output.Length > 0 ? [.. JsonDocument.Parse(run.Output).RootElement.EnumerateArray()] : [];
    }

    private static async Task<string> ErrorAsync(string servers, string group, string to)
    {
        CliRun run = await CliRun.RunAsync("cluster", "switchover", group, "--to", to, "-n", servers);
        run.ExitCode.Should().Be(1);
        return run.Error;
    }
}
