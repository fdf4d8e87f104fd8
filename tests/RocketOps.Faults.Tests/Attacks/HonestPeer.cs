using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using RocketOps.Testing.Remoting;

namespace RocketOps.Faults.Tests.Attacks;

/// <summary>A client that asks for what every client does, each on a connection of its own, one request after the other: it stores messages, reads them, and says that it lives.</summary>
public sealed class HonestPeer : IAsyncDisposable
{
    public const string Topic = "Honest";

    private const int HeartBeat = 34;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    private readonly string _broker;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<string, ConcurrentBag<double>> _latencies = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _complaints = [];
    private readonly Task _work;
    private long _sent;
    private long _read;

    private HonestPeer(string broker)
    {
        _broker = broker;
        Task sending = RepeatAsync("send", SendAsync, () => !_stop.IsCancellationRequested);

        // To the last message that was acknowledged, which may be after everybody was told to end.
        Task pulling = RepeatAsync("pull", PullAsync, () => !sending.IsCompleted || Interlocked.Read(ref _read) < Interlocked.Read(ref _sent));
        _work = Task.WhenAll(sending, pulling, RepeatAsync("heartbeat", BeatAsync, () => !_stop.IsCancellationRequested));
    }

    /// <summary>Whatever was not answered with success.</summary>
    public IReadOnlyCollection<string> Complaints => _complaints;

    /// <summary>Messages that were acknowledged, and those that were read so far, each once and in order.</summary>
    public (long Sent, long Read) Messages => (Interlocked.Read(ref _sent), Interlocked.Read(ref _read));

    /// <summary>Answers of the kind that has the fewest.</summary>
    public int Served => _latencies.Count == 3 ? _latencies.Values.Min(static kind => kind.Count) : 0;

    public static async Task<HonestPeer> BeginAsync(string broker)
    {
        await using (RawConnection connection = await RawConnection.ConnectAsync(broker))
        {
            (await RawBroker.CreateTopicAsync(connection, Topic, queues: 1)).Code.Should().Be(RawBroker.Success);
        }

        return new HonestPeer(broker);
    }

    /// <summary>Sends no more; returns when all is read.</summary>
    public async Task EndAsync()
    {
        await _stop.CancelAsync();
        await _work;
    }

    /// <summary>How long answers took.</summary>
    public string Describe() => string.Join("; ", _latencies.OrderBy(static kind => kind.Key, StringComparer.Ordinal).Select(static kind =>
    {
        double[] ms = [.. kind.Value.Order()];
        return string.Create(CultureInfo.InvariantCulture, $"{kind.Key} {ms.Length}: p50 {ms[ms.Length / 2]:0.00} ms, p99 {ms[ms.Length * 99 / 100]:0.00} ms, max {ms[^1]:0.00} ms");
    }));

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        _stop.Dispose();
    }

    private async Task RepeatAsync(string kind, Func<RawConnection, Task<RawFrame>> ask, Func<bool> goesOn)
    {
        ConcurrentBag<double> latencies = _latencies.GetOrAdd(kind, static _ => []);
        try
        {
            await using RawConnection connection = await RawConnection.ConnectAsync(_broker);
            while (goesOn())
            {
                long asked = Stopwatch.GetTimestamp();
                RawFrame answer = await ask(connection);
                latencies.Add(Stopwatch.GetElapsedTime(asked).TotalMilliseconds);
                if (answer.Code is not (RawBroker.Success or RawBroker.PullNotFound))
                {
                    _complaints.Enqueue($"{kind}: code {answer.Code} {answer.Remark}");
                }

                await Task.Delay(Pause);
            }
        }
        catch (IOException lost)
        {
            _complaints.Enqueue($"{kind}: {lost.Message}");
        }
    }

    private async Task<RawFrame> SendAsync(RawConnection connection)
    {
        RawFrame answer = await RawBroker.SendAsync(connection, Topic, 0, Encoding.ASCII.GetBytes($"{Interlocked.Read(ref _sent)}"));
        if (answer.Code == RawBroker.Success)
        {
            Interlocked.Increment(ref _sent);
        }

        return answer;
    }

    private async Task<RawFrame> PullAsync(RawConnection connection)
    {
        RawFrame answer = await RawBroker.PullAsync(connection, Topic, 0, Interlocked.Read(ref _read));
        foreach (RawMessage message in answer.Code == RawBroker.Success ? RawMessage.DecodeAll(answer.Body) : [])
        {
            long number = Interlocked.Increment(ref _read) - 1;
            string body = Encoding.ASCII.GetString(message.Body.Span);
            if (body != $"{number}")
            {
                _complaints.Enqueue($"message {body} at {message.QueueOffset}, where {number} should be");
            }
        }

        return answer;
    }

    private Task<RawFrame> BeatAsync(RawConnection connection) =>
        connection.RequestAsync(HeartBeat, body: RawFields.Heartbeat("127.0.0.1@honest", producers: ["honest"]));
}
