using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Headers;
using RocketOps.Remoting.Client;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Roles;

/// <summary>
/// Load on a broker whose role changes: producers with one request under way each, and a consumer that waits at the end of
/// <see cref="Plain"/>. What was acknowledged is noted; an answer that is neither a success nor the refusal of a slave is a failure, and
/// so is a lost connection.
/// </summary>
/// <param name="broker">Where to, as <see cref="StartBrokerAsync"/> makes it.</param>
/// <param name="produceAsync">Sends the message of a number, unlike all others, by <see cref="SendAsync"/>; done again and again.</param>
internal sealed class RoleLoad(TestBroker broker, Func<RoleLoad, RemotingClient, long, Task> produceAsync) : IAsyncDisposable
{
    /// <summary>A topic of one queue that is followed from its beginning.</summary>
    public const string Plain = "Plain";

    /// <summary>A topic of one queue.</summary>
    public const string Delayed = "Delayed";

    /// <summary>Producers at work.</summary>
    public const int Producers = 4;

    private const string Group = "g";
    private const int Waiting = PullMessageRequestHeader.SubscriptionFlag | PullMessageRequestHeader.SuspendFlag;

    private readonly RemotingClient[] _clients = [TestBroker.NewClient(), TestBroker.NewClient()];
    private Task _running = Task.CompletedTask;
    private CancellationTokenSource _pause = new();
    private TaskCompletionSource _progress = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _stretch;
    private long _numbers;
    private long _refused;

    public ConcurrentQueue<Acknowledged> Sent { get; } = new();

    public ConcurrentQueue<string> Failures { get; } = new();

    /// <summary>Requests that a slave refused.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Noted with everything that is sent from now on: how many of its changes are over, as the test counts them.</summary>
    public int Stretch
    {
        get => Volatile.Read(ref _stretch);
        set => Volatile.Write(ref _stretch, value);
    }

    /// <summary>Producers are to end with what they have under way.</summary>
    public bool IsPausing => _pause.IsCancellationRequested;

    /// <summary>A broker with the two topics, whose one delay level is a second.</summary>
    public static async Task<TestBroker> StartBrokerAsync(MemoryDirectory directory, string flush, TimeProvider time)
    {
        TestBroker broker = await TestBroker.StartAsync(
            new(StringComparer.Ordinal)
            {
                ["storePathRootDir"] = directory.Path,
                ["flushDiskType"] = flush,
                ["messageDelayLevel"] = "0s 1s",
            },
            time: time);
        await broker.CreateTopicAsync(Plain);
        await broker.CreateTopicAsync(Delayed);
        await broker.SubscribeAsync(Group, Plain);
        return broker;
    }

    /// <summary>Where in the log the answer to a send says that the message is.</summary>
    public static long OffsetOf(RemotingCommand answer) =>
        long.Parse(answer.GetRequired("msgId").AsSpan(16), NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    public void Start()
    {
        _pause.Dispose();
        _pause = new CancellationTokenSource();
        IEnumerable<Task> producers = Enumerable.Range(0, Producers)
            .Select(producer => Task.Run(() => ProduceAsync(_clients[producer % _clients.Length])));
        _running = Task.WhenAll([.. producers, Task.Run(ConsumeAsync)]);
    }

    /// <summary>Ends when every request has its answer; what was refused last is given up.</summary>
    public async Task PauseAsync()
    {
        await _pause.CancelAsync();
        await _running.WaitAsync(Eventually.DefaultDeadline);
    }

    /// <summary>Looks at the condition after each answer; a failure ends the wait.</summary>
    public async Task UntilAsync(Func<bool> condition, string what)
    {
        long begun = Stopwatch.GetTimestamp();
        while (true)
        {
            Task progress = Volatile.Read(ref _progress).Task;
            Failures.Should().BeEmpty();
            if (condition())
            {
                return;
            }

            TimeSpan left = Eventually.DefaultDeadline - Stopwatch.GetElapsedTime(begun);
            if (left <= TimeSpan.Zero)
            {
                throw new TimeoutException($"not within {Eventually.DefaultDeadline.TotalSeconds:0.#} s: {what}");
            }

            await progress.WaitAsync(left);
        }
    }

    /// <summary>Bodies of what was acknowledged as the topic's.</summary>
    public IReadOnlyList<string> BodiesOf(string topic) =>
        [.. Sent.Where(message => message.Topic == topic).Select(static message => message.Body)];

    /// <summary>All that the topic's queue has now.</summary>
    public async Task<IReadOnlyList<Requests.Received>> StoredAsync(string topic)
    {
        List<Requests.Received> messages = [];
        long offset = 0;
        while (true)
        {
            RemotingCommand answer = await broker.PullAsync(
                Group, topic, 0, offset, PullMessageRequestHeader.SubscriptionFlag, subscription: "*");
            if (answer.Code != ResponseCode.Success)
            {
                return messages;
            }

            messages.AddRange(Requests.Decode(answer));
            offset = NextOf(answer);
        }
    }

    /// <summary>The answer, noted for the topic when it is a success; null when a slave refused.</summary>
    /// <param name="client">The producer's.</param>
    /// <param name="topic">What an acknowledgement is noted for.</param>
    /// <param name="body">Of the message that the request sends or ends.</param>
    /// <param name="request">A send, or the end of a half.</param>
    public async Task<RemotingCommand?> SendAsync(RemotingClient client, string topic, string body, RemotingCommand request)
    {
        int stretch = Stretch;
        try
        {
            RemotingCommand answer = await client.InvokeAsync(broker.Address, request, Eventually.DefaultDeadline);
            switch (answer.Code)
            {
                case ResponseCode.Success:
                    long offset = request.Code == RequestCode.EndTransaction ? -1 : OffsetOf(answer);
                    Sent.Enqueue(new Acknowledged(topic, body, offset, stretch));
                    return answer;
                case ResponseCode.ServiceNotAvailable:
                case ResponseCode.SlaveNotAvailable when request.Code == RequestCode.EndTransaction:
                    Interlocked.Increment(ref _refused);
                    return null;
                default:
                    Failures.Enqueue($"{topic}: {answer.Code} {answer.Remark}");
                    return answer;
            }
        }
        catch (Exception failure) when (failure is IOException or TimeoutException)
        {
            Failures.Enqueue(failure.Message);
            return RemotingCommand.CreateResponse(request, ResponseCode.SystemError, failure.Message);
        }
        finally
        {
            TaskCompletionSource next = new(TaskCreationOptions.RunContinuationsAsynchronously);
            Interlocked.Exchange(ref _progress, next).TrySetResult();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _pause.CancelAsync();

        // First: a producer may be in the midst of what it does not give up for a pause.
        foreach (RemotingClient client in _clients)
        {
            await client.DisposeAsync();
        }

        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _pause.Dispose();
    }

    private static long NextOf(RemotingCommand answer) => long.Parse(answer.GetRequired("nextBeginOffset"), CultureInfo.InvariantCulture);

    private async Task ProduceAsync(RemotingClient client)
    {
        while (!IsPausing)
        {
            await produceAsync(this, client, Interlocked.Increment(ref _numbers));
        }
    }

    /// <summary>Follows the queue with long polls; a cut takes it back.</summary>
    private async Task ConsumeAsync()
    {
        long offset = 0;
        while (!IsPausing)
        {
            RemotingCommand answer = await broker.PullAsync(
                Group, Plain, 0, offset, Waiting, holdMs: 500, subscription: "*");
            switch (answer.Code)
            {
                case ResponseCode.Success or ResponseCode.PullOffsetMoved:
                    offset = NextOf(answer);
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

    /// <param name="Topic">Where it goes, now or later.</param>
    /// <param name="Body">Unlike all others.</param>
    /// <param name="Offset">In the log, of the delayed ones that of the original; -1 for the end of a half.</param>
    /// <param name="Stretch">The load's when it was sent.</param>
    internal sealed record Acknowledged(string Topic, string Body, long Offset, int Stretch);
}
