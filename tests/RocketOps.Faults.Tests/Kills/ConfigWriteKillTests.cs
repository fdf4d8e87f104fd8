using RocketOps.Faults.Tests.Points;
using RocketOps.Testing.Rings;
using Xunit.Abstractions;

namespace RocketOps.Faults.Tests.Kills;

/// <summary>
/// SIGKILL while topics, groups and the broker's own configuration are written: what was acknowledged is there after each start, and no
/// start finds a table that it cannot read.
/// </summary>
public sealed class ConfigWriteKillTests(ITestOutputHelper output)
{
    private const int MinChanges = 5;
    private const int MaxChanges = 40;

    private static readonly int Kills = Depth.Of(2, deep: 30);

    private static readonly KillPlace[] Places =
    [
        new("/broker.conf", "create,write,flush,rename", Most: 12),
        new("/config/topics.json", "create,write,flush,rename", Most: 12),
        new("/config/subscriptionGroup.json", "create,write,flush,rename", Most: 12),
    ];

    [SkippableFact]
    public async Task Kill_WhileConfigurationIsWritten_WhatWasAcknowledgedIsThereAfterEachStart()
    {
        KillPoint.SkipIfMissing();
        await using DyingServer dying = await DyingServer.StartAsync(
            new Dictionary<string, string>(StringComparer.Ordinal), keepsConfiguration: true);
        await using ConfigChanges changes = new(dying.Server);
        List<string> violations = [];
        for (int kill = 0; kill < Kills; kill++)
        {
            changes.Start();
            await changes.ChangedAsync(Random.Shared.Next(MinChanges, MaxChanges), $"before kill {kill}");
            await dying.DieAsync(Places[kill % Places.Length]);
            await changes.StopAsync();
            await dying.Server.StartBrokerAsync();
            violations.AddRange((await changes.ViolationsAsync()).Select(violation => $"{dying.Deaths[^1]}: {violation}"));
        }

        output.WriteLine($"{changes.Acknowledged} changes; deaths: {string.Join("; ", dying.Deaths)}");
        violations.Should().BeEmpty("{0} changes; deaths: {1}", changes.Acknowledged, string.Join("; ", dying.Deaths));
    }
}
