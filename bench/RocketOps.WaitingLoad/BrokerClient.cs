using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Hosting.Hosts;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Client;

namespace RocketOps.WaitingLoad;

/// <summary>A few connections to one broker, by plain requests that every RocketMQ broker answers.</summary>
internal sealed class BrokerClient : IAsyncDisposable
{
    public const int Queues = 4;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly byte[] Body = Encoding.ASCII.GetBytes(new string('b', 1024));

    private readonly string _broker;
    private readonly RemotingClient[] _clients = [.. Enumerable.Range(0, Queues).Select(static _ => new RemotingClient(new RemotingClientOptions(), NullLoggerFactory.Instance, new HostResolver().ResolveAsync))];
    private long _failed;

    public BrokerClient(string broker) => _broker = broker;

    /// <summary>Requests that were not answered with success.</summary>
    public long Failed => Interlocked.Read(ref _failed);

    /// <summary>Milliseconds since 1970.</summary>
    public static long NowMs => TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

    public async Task CreateTopicAsync(string topic) => Successful(await InvokeAsync(0, RemotingCommand.CreateRequest(RequestCode.UpdateAndCreateTopic)
        .Set("topic", topic).Set("defaultTopic", "TBW102").Set("readQueueNums", Queues).Set("writeQueueNums", Queues).Set("perm", 6).Set("topicFilterType", "SINGLE_TAG").Set("order", false)));

    /// <summary>A message of 1 KiB; its born time is now.</summary>
    public static RemotingCommand Message(string topic, int number, int sysFlag, string properties)
    {
        RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.SendMessageV2)
            .Set("a", "waiting")
            .Set("b", topic)
            .Set("c", "TBW102")
            .Set("d", 4)
            .Set("e", number % Queues)
            .Set("f", sysFlag)
            .Set("g", NowMs)
            .Set("h", 0)
            .Set("i", $"UNIQ_KEY\u0001{number.ToString("X32", CultureInfo.InvariantCulture)}\u0002{properties}")
            .Set("j", 0)
            .Set("k", false)
            .Set("m", false);
        request.Body = Body;
        return request;
    }

    /// <summary>The answer, or null when it is no success, which is counted.</summary>
    public async Task<RemotingCommand?> TryAsync(int number, RemotingCommand request)
    {
        try
        {
            RemotingCommand answer = await InvokeAsync(number, request);
            if (answer.Code == ResponseCode.Success)
            {
                return answer;
            }
        }
        catch (Exception failure) when (failure is IOException or TimeoutException)
        {
            // Counted below, as a refusal is.
        }

        Interlocked.Increment(ref _failed);
        return null;
    }

    public Task OneWayAsync(int number, RemotingCommand request) => _clients[number % Queues].InvokeOneWayAsync(_broker, request);

    /// <summary>Open loop: <paramref name="send"/> is called for number i once i / rate seconds are over; returns when all are done.</summary>
    public static async Task PaceAsync(int rate, int count, Func<int, Task> send)
    {
        ConcurrentBag<Task> sends = [];
        long begun = Stopwatch.GetTimestamp();
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(1));
        int next = 0;
        while (next < count)
        {
            int due = (int)Math.Min(count, Stopwatch.GetElapsedTime(begun).TotalSeconds * rate);
            for (; next < due; next++)
            {
                sends.Add(send(next));
            }

            await timer.WaitForNextTickAsync();
        }

        await Task.WhenAll(sends);
    }

    /// <summary>Closed loop: a window of sends per connection.</summary>
    public static Task RushAsync(int count, int window, Func<int, Task> send)
    {
        int next = -1;
        return Task.WhenAll(Enumerable.Range(0, window).Select(async _ =>
        {
            for (int number = Interlocked.Increment(ref next); number < count; number = Interlocked.Increment(ref next))
            {
                await send(number);
            }
        }));
    }

    /// <summary>Long polls all queues of a topic until so many messages came, or none came for a minute; gives each with the time it came.</summary>
    public Task ReceiveAsync(string topic, int count, Action<RecordView, long> visit)
    {
        int received = 0;
        Lock gate = new();
        return Task.WhenAll(Enumerable.Range(0, Queues).Select(async queue =>
        {
            long offset = 0;
            long last = NowMs;
            while (Volatile.Read(ref received) < count && NowMs - last < 60_000)
            {
                RemotingCommand answer = await InvokeAsync(queue, RemotingCommand.CreateRequest(RequestCode.PullMessage)
                    .Set("consumerGroup", "waiting").Set("topic", topic).Set("queueId", queue).Set("queueOffset", offset).Set("maxMsgNums", 1024).Set("sysFlag", 6).Set("commitOffset", 0L)
                    .Set("suspendTimeoutMillis", 1_000L).Set("subscription", "*").Set("subVersion", 0L).Set("expressionType", "TAG"));
                if (answer.Code != ResponseCode.Success)
                {
                    continue;
                }

                last = NowMs;
                int records = Visit(answer.Body.Span, last, gate, visit);
                Interlocked.Add(ref received, records);
                offset = long.Parse(answer.GetRequired("nextBeginOffset"), CultureInfo.InvariantCulture);
            }
        }));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (RemotingClient client in _clients)
        {
            await client.DisposeAsync();
        }
    }

    private static int Visit(ReadOnlySpan<byte> records, long nowMs, Lock gate, Action<RecordView, long> visit)
    {
        int count = 0;
        lock (gate)
        {
            for (; !records.IsEmpty; count++)
            {
                int size = RecordView.SizeAt(records);
                visit(RecordView.Read(records[..size]), nowMs);
                records = records[size..];
            }
        }

        return count;
    }

    private static RemotingCommand Successful(RemotingCommand answer) => answer.Code == ResponseCode.Success ? answer : throw new IOException($"code {answer.Code}: {answer.Remark}");

    private Task<RemotingCommand> InvokeAsync(int number, RemotingCommand request) => _clients[number % Queues].InvokeAsync(_broker, request, Patience);
}
