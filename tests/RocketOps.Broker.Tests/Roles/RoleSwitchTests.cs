using System.Globalization;
using RocketOps.Broker.Roles.Sessions;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Client;
using RocketOps.Testing;
using RocketOps.Testing.Rings;

namespace RocketOps.Broker.Tests.Roles;

/// <summary>Hundreds of changes of role, and a thousand where the deep ring is asked for, while producers, a consumer, delayed messages and transactions are at work. Alone, as it counts what the process has open.</summary>
[Collection(nameof(RoleSwitchTests))]
[CollectionDefinition(nameof(RoleSwitchTests), DisableParallelization = true)]
public sealed class RoleSwitchTests
{
    private const int WarmUp = 20;

    /// <summary>A leak is one handle a change. Queue files opened on first use, assemblies and their symbols are a handful.</summary>
    private const int HandlesPerChanges = 10;

    private const string Paid = "Paid";
    private const string Halves = "RMQ_SYS_TRANS_HALF_TOPIC";

    /// <summary>Commits and rollbacks that a slave refused.</summary>
    private long _endsRefused;

    [Theory]
    [InlineData("ASYNC_FLUSH", 200, 1_000)]
    [InlineData("SYNC_FLUSH", 200, 200)]
    public async Task Change_ManyTimesUnderLoad_LosesAndLeaksNothing(string flush, int fewer, int all)
    {
        int changes = Depth.Of(fewer, deep: all);
        CountedTimers time = new();
        using MemoryDirectory directory = new();
        await using TestBroker broker = await RoleLoad.StartBrokerAsync(directory, flush, time);
        await broker.CreateTopicAsync(Paid);
        RoleManager roles = broker.Host.Modules.Roles.Roles;
        List<WeakReference> sessions = [];
        await using RoleLoad load = new(broker, ProduceAsync);
        load.Start();

        await SwitchAsync(roles, load, sessions, from: 1, to: WarmUp);
        await load.PauseAsync();
        OpenThings before = new(time);
        load.Start();
        await SwitchAsync(roles, load, sessions, from: WarmUp + 1, to: changes);
        await load.PauseAsync();

        // Nothing lost and, as no process died, nothing twice: neither what was sent at once nor what was delivered later.
        load.Failures.Should().BeEmpty();
        load.Refused.Should().BeGreaterThanOrEqualTo(changes / 2, "each time as a slave somebody was refused");
        (await StoredAsync(load, RoleLoad.Plain)).Should().BeEquivalentTo(load.BodiesOf(RoleLoad.Plain));
        IReadOnlyList<string> delayed = load.BodiesOf(RoleLoad.Delayed);
        await Eventually.TrueAsync(
            async () => (await StoredAsync(load, RoleLoad.Delayed)).Count >= delayed.Count, "all delayed messages are delivered");
        (await StoredAsync(load, RoleLoad.Delayed)).Should().BeEquivalentTo(delayed);
        IReadOnlyList<string> committed = load.BodiesOf(Paid);
        IReadOnlyList<string> paid = [];
        await Eventually.TrueAsync(
            async () => !committed.Except(paid = await StoredAsync(load, Paid), StringComparer.Ordinal).Any(), "all commits are there");
        paid.Distinct(StringComparer.Ordinal).Should().BeEquivalentTo(
            committed, "a half that one master took is committed by another, and one that was rolled back by none");
        long endsRefused = Interlocked.Read(ref _endsRefused);
        ((long)(paid.Count - committed.Count)).Should().BeLessThanOrEqualTo(
            endsRefused, "only a change between a message and the note that its half is settled has it stored twice");
        load.BodiesOf(Halves).Count.Should().BeGreaterThan(committed.Count, "some were rolled back");
        endsRefused.Should().BePositive("halves were ended later than by the master that took them");

        broker.Host.Modules.Host.Role.Term.Epoch.Should().Be(changes);
        await before.StayAsync(handles: changes / HandlesPerChanges);
        await Eventually.TrueAsync(() => AliveAfterCollection(sessions) <= 1, "of all sessions only the current one is held by anything: no task or timer of an old one runs");
    }

    private static async Task SwitchAsync(RoleManager roles, RoleLoad load, List<WeakReference> sessions, int from, int to)
    {
        for (int epoch = from; epoch <= to; epoch++)
        {
            if (epoch % 2 == 1)
            {
                await roles.StepDownAsync(epoch);
                long refused = load.Refused;
                await load.UntilAsync(() => load.Refused > refused, "the slave refuses");
            }
            else
            {
                await roles.TakeOverAsync(epoch);
                Remember(roles, sessions);
                int acknowledged = load.Sent.Count;
                await load.UntilAsync(() => load.Sent.Count > acknowledged + RoleLoad.Producers, "messages are acknowledged");
            }
        }
    }

    private static async Task<IReadOnlyList<string>> StoredAsync(RoleLoad load, string topic) =>
        [.. (await load.StoredAsync(topic)).Select(static message => message.Body)];

    private static void Remember(RoleManager roles, List<WeakReference> sessions) => sessions.Add(new WeakReference(roles.Session));

    private static int AliveAfterCollection(List<WeakReference> sessions)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        return sessions.Count(static session => session.IsAlive);
    }

    /// <summary>
    /// A quarter is delayed, half is sent in transactions of which every second comes to nothing. What is refused is sent again.
    /// </summary>
    private async Task ProduceAsync(RoleLoad load, RemotingClient client, long number)
    {
        string body = number.ToString(CultureInfo.InvariantCulture);
        if (number % 2 == 1)
        {
            await PayAsync(load, client, body, commits: number % 4 == 1);
            return;
        }

        bool delayed = number % 4 == 0;
        string topic = delayed ? RoleLoad.Delayed : RoleLoad.Plain;
        string properties = delayed ? Requests.Properties(("DELAY", "1")) : string.Empty;
        await SendAsync(load, client, topic, body, Requests.Send(topic, body, properties: properties));
    }

    private async Task PayAsync(RoleLoad load, RemotingClient client, string body, bool commits)
    {
        string properties = Requests.Properties(("TRAN_MSG", "true"), ("PGROUP", "pg"), ("UNIQ_KEY", $"key-{body}"));
        RemotingCommand half = Requests.Send(Paid, body, properties: properties, group: "pg").Set("f", SysFlags.TransactionPrepared);
        RemotingCommand? answer = await SendAsync(load, client, Halves, body, half);
        if (answer is not { Code: ResponseCode.Success })
        {
            return;
        }

        // Not given up for a pause, which comes while there is a master: what is half stays nobody's.
        RemotingCommand end = Producer.End(
            "pg",
            long.Parse(answer.GetRequired("queueOffset"), CultureInfo.InvariantCulture),
            RoleLoad.OffsetOf(answer),
            commits ? SysFlags.TransactionCommit : SysFlags.TransactionRollback);
        while (await load.SendAsync(client, commits ? Paid : string.Empty, body, end) is null)
        {
            Interlocked.Increment(ref _endsRefused);
        }
    }

    /// <summary>Until it is answered, or refused when a pause is asked for: null then.</summary>
    private static async Task<RemotingCommand?> SendAsync(
        RoleLoad load, RemotingClient client, string topic, string body, RemotingCommand request)
    {
        RemotingCommand? answer;
        do
        {
            answer = await load.SendAsync(client, topic, body, request);
        }
        while (answer is null && !load.IsPausing);

        return answer;
    }
}
