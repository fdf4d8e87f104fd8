using System.Collections.Concurrent;
using System.Globalization;
using RocketOps.Client;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Tests.Support;
using RocketOps.Testing;
using Xunit.Abstractions;

namespace RocketOps.Operator.Tests.Controllers;

/// <summary>What many consumer groups cost: as much as few, see <see cref="ManyTopicsTests"/>.</summary>
public sealed class ManyConsumerGroupsTests(ITestOutputHelper output)
{
    private const int FewGroups = 60;

    /// <summary>How many: <c>ROCKETOPS_GROUPS</c> makes a measurement of it, with an operator's own intervals.</summary>
    private static readonly int Groups = ManyObjects.Count("ROCKETOPS_GROUPS", FewGroups);

    [Fact]
    public async Task Idle_WritesNothingAndAsksForNoGroupByItself()
    {
        await using OperatorWorld world = await StartAsync(Groups);
        ConcurrentQueue<string> requests = new();
        world.Admin.Fault = requests.Enqueue;
        await RoundsAsync(requests, 2);
        world.Writes.Clear();
        requests.Clear();

        await RoundsAsync(requests, 6);

        string[] asked = [.. requests];
        Say($"six reads of a master's groups: {world.Writes.Count} writes, {asked.Length} requests to name servers and brokers: {string.Join(", ", asked.CountBy(static request => request).Select(static kind => $"{kind.Value} {kind.Key}"))}");
        world.Writes.Should().BeEmpty();
        asked.Distinct().Should().BeSubsetOf(
        [
            nameof(IRocketMqAdmin.GetSubscriptionGroupsAsync), nameof(IRocketMqAdmin.GetGroupSummariesAsync),
            nameof(IRocketMqAdmin.GetClusterInfoAsync), nameof(IRocketMqAdmin.GetBrokerRuntimeInfoAsync),
        ]);
        int reads = asked.Count(static request => request == nameof(IRocketMqAdmin.GetSubscriptionGroupsAsync));
        asked.Count(static request => request == nameof(IRocketMqAdmin.GetGroupSummariesAsync)).Should().BeLessThan(Groups * reads / 6, "all groups are asked for at once");
    }

    [Fact]
    public async Task MasterRestarts_NoObjectIsWritten()
    {
        await using OperatorWorld world = await StartAsync(20);
        ConcurrentQueue<string> requests = new();
        world.Admin.Fault = requests.Enqueue;
        world.Writes.Clear();

        await ManyObjects.RestartMasterAsync(world, () => RoundsAsync(requests, 4));

        GroupWrites(world).Should().BeEmpty("the cluster says that a master restarts; its groups are what they were");
        requests.Should().NotContain(nameof(IRocketMqAdmin.GetSubscriptionGroupAsync));
        requests.Should().NotContain(nameof(IRocketMqAdmin.CreateOrUpdateSubscriptionGroupAsync));
    }

    [Fact]
    public async Task NameServersSilent_NoObjectIsWritten()
    {
        await using OperatorWorld world = await StartAsync(20);
        await ManyObjects.SilenceNameServersAsync(world);

        GroupWrites(world).Should().BeEmpty();
    }

    [Fact]
    public async Task MasterTellsNoProgress_WhatIsKnownStays()
    {
        await using OperatorWorld world = await StartAsync(5, static admin => admin.Groups["g-0"] = FakeAdmin.Behind(612));
        ConsumerGroup told = await world.AwaitAsync<ConsumerGroup>("g-0", static group => group.Status?.Lag == 1000, "tells its lag");
        await world.QuietAsync(ManyObjects.Limit);
        ConcurrentQueue<string> requests = new();
        world.Admin.Fault = request =>
        {
            requests.Enqueue(request);
            if (request == nameof(IRocketMqAdmin.GetGroupSummariesAsync))
            {
                throw new RocketMqException("no answer");
            }
        };
        world.Writes.Clear();

        await RoundsAsync(requests, 6);

        await Eventually.TrueAsync(() => requests.Contains(nameof(IRocketMqAdmin.GetGroupSummariesAsync)), "a master was asked for the progress");
        GroupWrites(world).Should().BeEmpty();
        (await world.Client.GetAsync<ConsumerGroup>("g-0", OperatorWorld.Ns))!.Status!.Lag.Should().Be(told.Status!.Lag);
    }

    [Fact]
    public async Task BrokersOfApache_GroupsAreAskedForOneByOne()
    {
        await using OperatorWorld world = await StartAsync(3, static admin =>
        {
            admin.IsApache = true;
            admin.Groups["g-0"] = FakeAdmin.Behind(612);
        });

        ConsumerGroup group = await world.AwaitAsync<ConsumerGroup>("g-0", static group => group.Status?.Lag == 1000, "tells its lag");
        group.Status!.Topics.Should().BeEquivalentTo([new { Name = "orders", Lag = 1000L }]);
    }

    private static string Name(int number) => $"g-{number.ToString(CultureInfo.InvariantCulture)}";

    private static IEnumerable<string> GroupWrites(OperatorWorld world) => world.Writes.Where(static write => write.Contains(" consumergroups", StringComparison.Ordinal));

    /// <summary>Until the masters' tables were read so often more, which passes over groups cause.</summary>
    private static Task RoundsAsync(ConcurrentQueue<string> requests, int count) => ManyObjects.RoundsAsync(requests, nameof(IRocketMqAdmin.GetSubscriptionGroupsAsync), count);

    private void Say(FormattableString text) => output.WriteLine($"{Groups} groups: {text.ToString(CultureInfo.InvariantCulture)}");

    /// <summary>A cluster of two groups with so many consumer groups, all ready, and nothing under way.</summary>
    private static async Task<OperatorWorld> StartAsync(int groups, Action<FakeAdmin>? configure = null)
    {
        OperatorWorld world = await OperatorWorld.StartAsync(options => groups > FewGroups ? ManyObjects.AtItsOwnPace(options) : options);
        configure?.Invoke(world.Admin);
        await world.CreateClusterAsync("a", static spec => spec.Brokers.Groups = 2);
        await world.ClusterAsync("a", "Ready", "True");
        await Parallel.ForAsync(0, groups, async (i, _) => await world.CreateGroupAsync(Name(i), "a"));
        await ManyObjects.ReadyAsync<ConsumerGroup>(world, static group => group.Status?.Conditions);
        await world.QuietAsync(ManyObjects.Limit);
        return world;
    }
}
