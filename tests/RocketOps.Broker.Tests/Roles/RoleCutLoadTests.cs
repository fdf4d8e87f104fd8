using System.Collections.Concurrent;
using System.Globalization;
using RocketOps.Broker.Roles.Sessions;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Headers;
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
    private const string Plain = "Plain";
    private const string Delayed = "Delayed";

    [Theory]
    [InlineData("ASYNC_FLUSH")]
    [InlineData("SYNC_FLUSH")]
    public async Task Change_WithCutsUnderLoad_KeepsWhatLiesBeforeThemAndLeaksNothing(string flush)
    {
        CountedTimers time = new();
        using MemoryDirectory directory = new();
        await using TestBroker broker = await TestBroker.StartAsync(
            new(StringComparer.Ordinal) { ["storePathRootDir"] = directory.Path, ["flushDiskType"] = flush, ["messageDelayLevel"] = "0s 1s" }, time: time);
        await broker.CreateTopicAsync(Plain);
        await broker.CreateTopicAsync(Delayed);
        await broker.SubscribeAsync("g", Plain);
        Load load = new(broker);
        load.Start();

        await SwitchAsync(broker, load, from: 1, to: WarmUp);
        await load.PauseAsync();
        int timersBefore = time.Alive;
        int handlesBefore = OpenHandles();
        load.Start();
        await SwitchAsync(broker, load, from: WarmUp + 1, to: Changes);
        await load.PauseAsync();

        load.Failures.Should().BeEmpty();
        List<(string Body, long Offset)> stored = await load.StoredAsync(Plain);
        Dictionary<string, long> kept = stored.ToDictionary(static message => message.Body, static message => message.Offset, StringComparer.Ordinal);
        List<Acknowledged> due = [.. load.Sent.Where(load.IsBelowAllCutsSince)];
        due.Should().NotBeEmpty();
        load.Sent.Count.Should().BeGreaterThan(due.Count, "some were cut off");
        foreach (Acknowledged message in due.Where(static message => message.Topic == Plain))
        {
            kept.GetValueOrDefault(message.Body, -1).Should().Be(message.Offset, "an acknowledged message that no cut concerns is where it was");
        }

        stored.Select(static message => message.Offset).Should().BeInAscendingOrder("the queue has no unit of an older log");
        HashSet<string> delivered = [];
        await Eventually.TrueAsync(
            async () =>
            {
                delivered = [.. (await load.StoredAsync(Delayed)).Select(static message => message.Body)];
                return due.All(message => message.Topic == Plain || delivered.Contains(message.Body));
            },
            "every delayed message that no cut concerns is delivered");

        broker.Host.Modules.Host.Role.Term.Epoch.Should().Be(Changes);
        await Eventually.TrueAsync(() => time.Alive <= timersBefore, $"there are no more timers than the {timersBefore} before");
        await Eventually.TrueAsync(() => OpenHandles() - handlesBefore < (Changes - WarmUp) / 3, $"no handle stays open with every cut; there were {handlesBefore}, there are {OpenHandles()}");
    }

    private static async Task SwitchAsync(TestBroker broker, Load load, int from, int to)
    {
        RoleManager roles = broker.Host.Modules.Roles.Roles;
        for (int epoch = from; epoch <= to; epoch++)
        {
            if (epoch % 2 == 1)
            {
                await load.CutAsync(roles, epoch);
            }
            else
            {
                await roles.TakeOverAsync(epoch);
                await load.UntilSentSinceTheCutAsync(12);
            }
        }
    }

    private static int OpenHandles() => Directory.GetFiles("/proc/self/fd").Length;

    /// <param name="Topic">Where it goes, now or later.</param>
    /// <param name="Body">Unlike all others.</param>
    /// <param name="Offset">In the log, of the delayed ones that of the original.</param>
    /// <param name="CutsBefore">Cuts that were over when it was sent.</param>
    private sealed record Acknowledged(string Topic, string Body, long Offset, int CutsBefore);

    /// <summary>Producers that send again what was refused, half of it delayed, and a consumer that waits at the end of the queue.</summary>
    private sealed class Load(TestBroker broker)
    {
        private const int Producers = 4;

        private readonly RemotingClient[] _clients = [TestBroker.NewClient(), TestBroker.NewClient()];
        private readonly List<long> _cuts = [];
        private readonly Random _random = new(3);
        private Task _running = Task.CompletedTask;
        private CancellationTokenSource _pause = new();
        private int _cutsDone;
        private long _numbers;

        public ConcurrentQueue<Acknowledged> Sent { get; } = new();

        public ConcurrentQueue<string> Failures { get; } = new();

        public void Start()
        {
            _pause = new CancellationTokenSource();
            _running = Task.WhenAll([.. Enumerable.Range(0, Producers).Select(producer => Task.Run(() => ProduceAsync(_clients[producer % _clients.Length]))), Task.Run(ConsumeAsync)]);
        }

        /// <summary>Ends when every request has its answer.</summary>
        public async Task PauseAsync()
        {
            await _pause.CancelAsync();
            await _running.WaitAsync(Eventually.DefaultDeadline);
            _pause.Dispose();
        }

        /// <summary>At one of the messages acknowledged since the last cut; more are on their way.</summary>
        public async Task CutAsync(RoleManager roles, int epoch)
        {
            Acknowledged[] recent = await UntilSentSinceTheCutAsync(8);
            long cut = recent[_random.Next(recent.Length)].Offset;
            _cuts.Add(cut);
            await roles.StepDownAndCutAsync(epoch, new PhysicalOffset(cut));
            Volatile.Write(ref _cutsDone, _cuts.Count);
        }

        public async Task<Acknowledged[]> UntilSentSinceTheCutAsync(int count)
        {
            Acknowledged[] recent = [];
            await Eventually.TrueAsync(
                () =>
                {
                    recent = [.. Sent.Where(message => message.CutsBefore == _cuts.Count)];
                    return recent.Length >= count || !Failures.IsEmpty;
                },
                "messages are acknowledged");
            Failures.Should().BeEmpty();
            return recent;
        }

        public bool IsBelowAllCutsSince(Acknowledged message) => _cuts.Skip(message.CutsBefore).All(cut => message.Offset < cut);

        public async Task<List<(string Body, long Offset)>> StoredAsync(string topic)
        {
            List<(string, long)> messages = [];
            long offset = 0;
            while (true)
            {
                RemotingCommand answer = await broker.PullAsync("g", topic, 0, offset, PullMessageRequestHeader.SubscriptionFlag, subscription: "*");
                if (answer.Code != ResponseCode.Success)
                {
                    return messages;
                }

                messages.AddRange(Requests.Decode(answer).Select(static message => (message.Body, message.PhysicalOffset)));
                offset = long.Parse(answer.Get("nextBeginOffset")!, CultureInfo.InvariantCulture);
            }
        }

        private async Task ProduceAsync(RemotingClient client)
        {
            while (!_pause.IsCancellationRequested)
            {
                long number = Interlocked.Increment(ref _numbers);
                string topic = number % 2 == 0 ? Delayed : Plain;
                string properties = topic == Delayed ? Requests.Properties(("DELAY", "1")) : string.Empty;
                string body = number.ToString(CultureInfo.InvariantCulture) + new string('x', (int)(number * 37 % 400));
                int cutsBefore = Volatile.Read(ref _cutsDone);
                try
                {
                    RemotingCommand answer = await client.InvokeAsync(broker.Address, Requests.Send(topic, body, properties: properties), Eventually.DefaultDeadline);
                    if (answer.Code == ResponseCode.Success)
                    {
                        Sent.Enqueue(new Acknowledged(topic, body, long.Parse(answer.Get("msgId")![^16..], NumberStyles.HexNumber, CultureInfo.InvariantCulture), cutsBefore));
                    }
                    else if (answer.Code != ResponseCode.ServiceNotAvailable)
                    {
                        Failures.Enqueue($"{answer.Code} {answer.Remark}");
                    }
                }
                catch (Exception failure) when (failure is IOException or TimeoutException)
                {
                    Failures.Enqueue(failure.Message);
                }
            }
        }

        /// <summary>Follows the queue with long polls; a cut takes it back.</summary>
        private async Task ConsumeAsync()
        {
            long offset = 0;
            while (!_pause.IsCancellationRequested)
            {
                RemotingCommand answer = await broker.PullAsync("g", Plain, 0, offset, PullMessageRequestHeader.SubscriptionFlag | PullMessageRequestHeader.SuspendFlag, holdMs: 500, subscription: "*");
                switch (answer.Code)
                {
                    case ResponseCode.Success or ResponseCode.PullOffsetMoved:
                        offset = long.Parse(answer.Get("nextBeginOffset")!, CultureInfo.InvariantCulture);
                        break;
                    case ResponseCode.PullNotFound or ResponseCode.PullRetryImmediately:
                        break;
                    case ResponseCode.SystemError:
                        // The queue cannot be read for the moment of the cut, or what was found has been cut off meanwhile.
                        break;
                    default:
                        Failures.Enqueue($"pull: {answer.Code} {answer.Remark}");
                        break;
                }
            }
        }
    }
}
