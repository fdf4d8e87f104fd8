using System.Globalization;
using RocketOps.Broker.Roles.Sessions;
using RocketOps.Broker.Tests.Support;
using RocketOps.Remoting.Client;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Roles;

/// <summary>Role changes with cuts while producers, waiting consumers and delayed messages are at work over real connections. Alone, as it counts what the process has open.</summary>
[Collection(nameof(RoleCutLoadTests))]
[CollectionDefinition(nameof(RoleCutLoadTests), DisableParallelization = true)]
public sealed class RoleCutLoadTests
{
    private const int WarmUp = 6;
    private const int Changes = 40;

    private readonly List<long> _cuts = [];
    private readonly Random _random = new(3);

    [Theory]
    [InlineData("ASYNC_FLUSH")]
    [InlineData("SYNC_FLUSH")]
    public async Task Change_WithCutsUnderLoad_KeepsWhatLiesBeforeThemAndLeaksNothing(string flush)
    {
        CountedTimers time = new();
        using MemoryDirectory directory = new();
        await using TestBroker broker = await RoleLoad.StartBrokerAsync(directory, flush, time);
        RoleManager roles = broker.Host.Modules.Roles.Roles;
        await using RoleLoad load = new(broker, SendAsync);
        load.Start();

        await SwitchAsync(roles, load, from: 1, to: WarmUp);
        await load.PauseAsync();
        OpenThings before = new(time);
        load.Start();
        await SwitchAsync(roles, load, from: WarmUp + 1, to: Changes);
        await load.PauseAsync();

        load.Failures.Should().BeEmpty();
        IReadOnlyList<Requests.Received> stored = await load.StoredAsync(RoleLoad.Plain);
        Dictionary<string, long> kept = stored.ToDictionary(
            static message => message.Body, static message => message.PhysicalOffset, StringComparer.Ordinal);
        List<RoleLoad.Acknowledged> due = [.. load.Sent.Where(IsBelowAllCutsSince)];
        due.Should().NotBeEmpty();
        load.Sent.Count.Should().BeGreaterThan(due.Count, "some were cut off");
        foreach (RoleLoad.Acknowledged message in due.Where(static message => message.Topic == RoleLoad.Plain))
        {
            kept.GetValueOrDefault(message.Body, -1).Should().Be(message.Offset, "an acknowledged message that no cut concerns is where it was");
        }

        stored.Select(static message => message.PhysicalOffset).Should().BeInAscendingOrder("the queue has no unit of an older log");
        HashSet<string> delivered = [];
        await Eventually.TrueAsync(
            async () =>
            {
                delivered = [.. (await load.StoredAsync(RoleLoad.Delayed)).Select(static message => message.Body)];
                return due.All(message => message.Topic == RoleLoad.Plain || delivered.Contains(message.Body));
            },
            "every delayed message that no cut concerns is delivered");

        broker.Host.Modules.Host.Role.Term.Epoch.Should().Be(Changes);
        await before.StayAsync(handles: (Changes - WarmUp) / 3);
    }

    private async Task SwitchAsync(RoleManager roles, RoleLoad load, int from, int to)
    {
        for (int epoch = from; epoch <= to; epoch++)
        {
            if (epoch % 2 == 1)
            {
                await CutAsync(roles, load, epoch);
            }
            else
            {
                await roles.TakeOverAsync(epoch);
                await UntilSentSinceTheCutAsync(load, 60);
            }
        }
    }

    /// <summary>At one of the messages acknowledged since the last cut; more are on their way.</summary>
    private async Task CutAsync(RoleManager roles, RoleLoad load, int epoch)
    {
        RoleLoad.Acknowledged[] recent = await UntilSentSinceTheCutAsync(load, 8);
        long cut = recent[_random.Next(recent.Length)].Offset;
        _cuts.Add(cut);
        await roles.StepDownAndCutAsync(epoch, new PhysicalOffset(cut));
        load.Stretch = _cuts.Count;
    }

    private async Task<RoleLoad.Acknowledged[]> UntilSentSinceTheCutAsync(RoleLoad load, int count)
    {
        RoleLoad.Acknowledged[] recent = [];
        await load.UntilAsync(
            () =>
            {
                recent = [.. load.Sent.Where(message => message.Stretch == _cuts.Count)];
                return recent.Length >= count;
            },
            "messages are acknowledged");
        return recent;
    }

    private bool IsBelowAllCutsSince(RoleLoad.Acknowledged message) => _cuts.Skip(message.Stretch).All(cut => message.Offset < cut);

    /// <summary>Half of it delayed, all of different lengths; what is refused is given up.</summary>
    private static async Task SendAsync(RoleLoad load, RemotingClient client, long number)
    {
        bool delayed = number % 2 == 0;
        string topic = delayed ? RoleLoad.Delayed : RoleLoad.Plain;
        string properties = delayed ? Requests.Properties(("DELAY", "1")) : string.Empty;
        string body = number.ToString(CultureInfo.InvariantCulture) + new string('x', (int)(number * 37 % 400));
        await load.SendAsync(client, topic, body, Requests.Send(topic, body, properties: properties));
    }
}
