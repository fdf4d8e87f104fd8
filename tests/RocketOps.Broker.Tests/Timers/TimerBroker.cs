using System.Globalization;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Store.Files;
using RocketOps.Testing.Time;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Timers;

/// <summary>A broker with a clock of its own, and one topic with one queue.</summary>
internal sealed class TimerBroker : IAsyncDisposable
{
    public const string Topic = "Timed";
    public const string Root = "/store";

    private readonly TestBroker _broker;

    private TimerBroker(TestBroker broker, FakeTimeProvider time)
    {
        _broker = broker;
        Time = time;
    }

    public FakeTimeProvider Time { get; }

    public TestBroker Broker => _broker;

    public static async Task<TimerBroker> StartAsync(IStoreFileSystem files, FakeTimeProvider time, params (string Key, string Value)[] more)
    {
        Dictionary<string, string> settings = new(StringComparer.Ordinal) { ["storePathRootDir"] = Root, ["mappedFileSizeTimerLog"] = "4096" };
        foreach ((string key, string value) in more)
        {
            settings[key] = value;
        }

        TestBroker broker = await TestBroker.StartAsync(settings, fileSystem: files, time: time);
        await broker.CreateTopicAsync(Topic);
        await broker.SubscribeAsync("g", Topic);
        return new TimerBroker(broker, time);
    }

    /// <summary>Sends a message that is due after so many milliseconds.</summary>
    public Task<RemotingCommand> SendAsync(string body, long delayMs, params (string Name, string Value)[] more) =>
        _broker.InvokeAsync(Requests.Send(Topic, body, 0, Requests.Properties([("UNIQ_KEY", $"K{body}"), ("TIMER_DELAY_MS", delayMs.ToString(CultureInfo.InvariantCulture)), .. more])));

    /// <summary>What the consumer has got so far.</summary>
    public async Task<IReadOnlyList<Requests.Received>> ReceivedAsync()
    {
        List<Requests.Received> all = [];
        while (true)
        {
            RemotingCommand answer = await _broker.PullAsync("g", Topic, 0, all.Count);
            if (answer.Code != ResponseCode.Success)
            {
                return all;
            }

            all.AddRange(Requests.Decode(answer));
        }
    }

    public async Task<IReadOnlyList<string>> BodiesAsync() => [.. (await ReceivedAsync()).Select(static message => message.Body)];

    /// <summary>All that was sent is in the wheel, or delivered.</summary>
    public Task UntilTakenAsync(long messages) =>
        Eventually.TrueAsync(() => _broker.Host.Modules.Timers.Timers.QueueOffset == messages && _broker.Host.Modules.Timers.Timers.IsWritten, $"{messages} messages are taken");

    /// <summary>Time goes on in steps of a tenth of a second, until so many messages are there or so much time is over.</summary>
    public async Task<IReadOnlyList<string>> RunAsync(TimeSpan time, int until = int.MaxValue)
    {
        DateTimeOffset end = Time.GetUtcNow() + time;
        while (Time.GetUtcNow() < end && (await BodiesAsync()).Count < until)
        {
            Time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }

        return await BodiesAsync();
    }

    /// <summary>The same, for messages that are due by then: the broker's loops may have had no processor while time went on, so they are waited for.</summary>
    public async Task<IReadOnlyList<string>> RunUntilAsync(TimeSpan time, int count)
    {
        await RunAsync(time, count);
        IReadOnlyList<string> bodies = [];
        await Eventually.TrueAsync(
            async () =>
            {
                Time.Advance(TimeSpan.FromMilliseconds(1));
                return (bodies = await BodiesAsync()).Count >= count;
            },
            $"{count} messages arrive");
        return bodies;
    }

    /// <summary>Time stands still; waits for the messages that are due.</summary>
    public Task UntilReceivedAsync(params string[] bodies) => Eventually.TrueAsync(
        async () =>
        {
            // A loop that has just begun to wait needs its timer to fire.
            Time.Advance(TimeSpan.FromMilliseconds(1));
            return bodies.All((await BodiesAsync()).Contains);
        },
        $"{string.Join(", ", bodies)} arrive");

    public ValueTask DisposeAsync() => _broker.DisposeAsync();
}
