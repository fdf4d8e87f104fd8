using System.Collections.Concurrent;
using System.Globalization;
using RocketOps.Broker.Roles.Sessions;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Headers;
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
    private const int Producers = 4;

    /// <summary>A leak is one handle a change. Queue files opened on first use, assemblies and their symbols are a handful.</summary>
    private const int HandlesPerChanges = 10;

    private const string Plain = "Plain";
    private const string Delayed = "Delayed";
    private const string Paid = "Paid";
    private const string Halves = "RMQ_SYS_TRANS_HALF_TOPIC";

    [Theory]
    [InlineData("ASYNC_FLUSH", 200, 1_000)]
    [InlineData("SYNC_FLUSH", 200, 200)]
    public async Task Change_ManyTimesUnderLoad_LosesAndLeaksNothing(string flush, int fewer, int all)
    {
        int changes = Depth.Of(fewer, deep: all);
        CountedTimers time = new();
        using MemoryDirectory directory = new();
        await using TestBroker broker = await TestBroker.StartAsync(
            new(StringComparer.Ordinal) { ["storePathRootDir"] = directory.Path, ["flushDiskType"] = flush, ["messageDelayLevel"] = "0s 1s" }, time: time);
        await broker.CreateTopicAsync(Plain);
        await broker.CreateTopicAsync(Delayed);
        await broker.CreateTopicAsync(Paid);
        await broker.SubscribeAsync("g", Plain);
        RoleManager roles = broker.Host.Modules.Roles.Roles;
        List<WeakReference> sessions = [];
        Load load = new(broker);
        load.Start();

        await SwitchAsync(roles, load, sessions, from: 1, to: WarmUp);
        await load.PauseAsync();
        int timersBefore = time.Alive;
        int handlesBefore = OpenHandles();
        load.Start();
        await SwitchAsync(roles, load, sessions, from: WarmUp + 1, to: changes);
        await load.PauseAsync();

        // Nothing lost and, as no process died, nothing twice: neither what was sent at once nor what was delivered later.
        load.Failures.Should().BeEmpty();
        load.Refused.Should().BeGreaterThanOrEqualTo(changes / 2, "each time as a slave somebody was refused");
        (await load.ReceivedAsync(Plain)).Should().BeEquivalentTo(load.Acknowledged(Plain));
        await Eventually.TrueAsync(async () => (await load.ReceivedAsync(Delayed)).Count >= load.Acknowledged(Delayed).Count, "all delayed messages are delivered");
        (await load.ReceivedAsync(Delayed)).Should().BeEquivalentTo(load.Acknowledged(Delayed));
        IReadOnlyList<string> paid = [];
        await Eventually.TrueAsync(async () => !load.Acknowledged(Paid).Except(paid = await load.ReceivedAsync(Paid), StringComparer.Ordinal).Any(), "all commits are there");
        paid.Distinct(StringComparer.Ordinal).Should().BeEquivalentTo(load.Acknowledged(Paid), "a half that one master took is committed by another, and one that was rolled back by none");
        (paid.Count - load.Acknowledged(Paid).Count).Should().BeLessThanOrEqualTo((int)load.EndsRefused, "only a change between a message and the note that its half is settled has it stored twice");
        load.Acknowledged(Halves).Count.Should().BeGreaterThan(load.Acknowledged(Paid).Count, "some were rolled back");
        load.EndsRefused.Should().BePositive("halves were ended later than by the master that took them");

        broker.Host.Modules.Host.Role.Term.Epoch.Should().Be(changes);
        await Eventually.TrueAsync(() => time.Alive <= timersBefore, $"there are no more timers than the {timersBefore} before");
        await Eventually.TrueAsync(() => OpenHandles() - handlesBefore < changes / HandlesPerChanges, $"no handle stays open with every change; there were {handlesBefore}, there are {OpenHandles()}");
        await Eventually.TrueAsync(() => AliveAfterCollection(sessions) <= 1, "of all sessions only the current one is held by anything: no task or timer of an old one runs");
    }

    private static async Task SwitchAsync(RoleManager roles, Load load, List<WeakReference> sessions, int from, int to)
    {
        for (int epoch = from; epoch <= to; epoch++)
        {
            if (epoch % 2 == 1)
            {
                await roles.StepDownAsync(epoch);
                long refused = load.Refused;
                await load.UntilAsync(() => load.Refused > refused);
            }
            else
            {
                await roles.TakeOverAsync(epoch);
                Remember(roles, sessions);
                long acknowledged = load.AcknowledgedCount;
                await load.UntilAsync(() => load.AcknowledgedCount > acknowledged + Producers);
            }
        }
    }

    private static void Remember(RoleManager roles, List<WeakReference> sessions) => sessions.Add(new WeakReference(roles.Session));

    private static int AliveAfterCollection(List<WeakReference> sessions)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        return sessions.Count(static session => session.IsAlive);
    }

    private static int OpenHandles() => Directory.GetFiles("/proc/self/fd").Length;

    /// <summary>Producers that repeat what was refused: a quarter of it is delayed, half of it in transactions of which every second comes to nothing.</summary>
    private sealed class Load(TestBroker broker)
    {
        private readonly ConcurrentBag<string> _plain = [];
        private readonly ConcurrentBag<string> _delayed = [];
        private readonly ConcurrentBag<string> _paid = [];
        private readonly ConcurrentBag<string> _halves = [];
        private readonly ConcurrentBag<string> _failures = [];
        private readonly RemotingClient[] _clients = [TestBroker.NewClient(), TestBroker.NewClient()];
        private Task _producers = Task.CompletedTask;
        private CancellationTokenSource _pause = new();
        private long _refused;
        private long _endsRefused;
        private long _acknowledged;
        private long _sent;
        private TaskCompletionSource _progress = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ConcurrentBag<string> Failures => _failures;

        public long Refused => Interlocked.Read(ref _refused);

        /// <summary>Commits and rollbacks that a slave refused.</summary>
        public long EndsRefused => Interlocked.Read(ref _endsRefused);

        public long AcknowledgedCount => Interlocked.Read(ref _acknowledged);

        public ConcurrentBag<string> Acknowledged(string topic) => topic switch
        {
            Plain => _plain,
            Delayed => _delayed,
            Paid => _paid,
            _ => _halves,
        };

        public void Start()
        {
            _pause = new CancellationTokenSource();
            _producers = Task.WhenAll(Enumerable.Range(0, Producers).Select(producer => Task.Run(() => ProduceAsync(_clients[producer % _clients.Length], _pause.Token))));
        }

        /// <summary>Ends when every send has its answer; what was refused last is given up.</summary>
        public async Task PauseAsync()
        {
            await _pause.CancelAsync();
            await _producers.WaitAsync(Eventually.DefaultDeadline);
            _pause.Dispose();
        }

        public async Task UntilAsync(Func<bool> condition)
        {
            while (!condition())
            {
                Task progress = Volatile.Read(ref _progress).Task;
                if (!condition())
                {
                    await progress.WaitAsync(Eventually.DefaultDeadline);
                }
            }
        }

        public async Task<IReadOnlyList<string>> ReceivedAsync(string topic)
        {
            List<string> bodies = [];
            long offset = 0;
            while (true)
            {
                RemotingCommand answer = await broker.PullAsync("g", topic, 0, offset, PullMessageRequestHeader.SubscriptionFlag, subscription: "*");
                if (answer.Code != ResponseCode.Success)
                {
                    return bodies;
                }

                bodies.AddRange(Requests.Decode(answer).Select(static message => message.Body));
                offset = long.Parse(answer.Get("nextBeginOffset")!, CultureInfo.InvariantCulture);
            }
        }

        private async Task ProduceAsync(RemotingClient client, CancellationToken pause)
        {
            while (!pause.IsCancellationRequested)
            {
                long number = Interlocked.Increment(ref _sent);
                string body = number.ToString(CultureInfo.InvariantCulture);
                if (number % 2 == 0)
                {
                    bool delayed = number % 4 == 0;
                    string properties = delayed ? Requests.Properties(("DELAY", "1")) : string.Empty;
                    while (await SendAsync(client, delayed ? Delayed : Plain, body, Requests.Send(delayed ? Delayed : Plain, body, properties: properties)) is null && !pause.IsCancellationRequested)
                    {
                        // Refused by the slave: sent again.
                    }
                }
                else
                {
                    await PayAsync(client, body, commits: number % 4 == 1, pause);
                }
            }
        }

        private async Task PayAsync(RemotingClient client, string body, bool commits, CancellationToken pause)
        {
            RemotingCommand half = Requests.Send(Paid, body, properties: Requests.Properties(("TRAN_MSG", "true"), ("PGROUP", "pg"), ("UNIQ_KEY", $"key-{body}")), group: "pg").Set("f", SysFlags.TransactionPrepared);
            RemotingCommand? answer;
            while ((answer = await SendAsync(client, Halves, body, half)) is null)
            {
                if (pause.IsCancellationRequested)
                {
                    return;
                }
            }

            if (answer.Code != ResponseCode.Success)
            {
                return;
            }

            // Not given up for a pause, which comes while there is a master: what is half stays nobody's.
            RemotingCommand end = Producer.End(
                "pg",
                long.Parse(answer.GetRequired("queueOffset"), CultureInfo.InvariantCulture),
                long.Parse(answer.GetRequired("msgId").AsSpan(16), NumberStyles.HexNumber, CultureInfo.InvariantCulture),
                commits ? SysFlags.TransactionCommit : SysFlags.TransactionRollback);
            while (await SendAsync(client, commits ? Paid : string.Empty, body, end) is null)
            {
                Interlocked.Increment(ref _endsRefused);
            }
        }

        /// <summary>The answer, noted for the topic; null when a slave refused.</summary>
        private async Task<RemotingCommand?> SendAsync(RemotingClient client, string topic, string body, RemotingCommand request)
        {
            try
            {
                RemotingCommand answer = await client.InvokeAsync(broker.Address, request, Eventually.DefaultDeadline);
                switch (answer.Code)
                {
                    case ResponseCode.Success:
                        if (topic.Length > 0)
                        {
                            Acknowledged(topic).Add(body);
                        }

                        Interlocked.Increment(ref _acknowledged);
                        return answer;
                    case ResponseCode.ServiceNotAvailable or ResponseCode.SlaveNotAvailable:
                        Interlocked.Increment(ref _refused);
                        return null;
                    default:
                        _failures.Add($"{topic}: {answer.Code} {answer.Remark}");
                        return answer;
                }
            }
            catch (Exception failure) when (failure is IOException or TimeoutException)
            {
                _failures.Add(failure.Message);
                return RemotingCommand.CreateResponse(request, ResponseCode.SystemError, failure.Message);
            }
            finally
            {
                Interlocked.Exchange(ref _progress, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
            }
        }
    }
}
