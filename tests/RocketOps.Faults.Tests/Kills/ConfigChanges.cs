using System.Globalization;
using System.Text;
using RocketOps.Faults.Tests.Loads;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Servers;

namespace RocketOps.Faults.Tests.Kills;

/// <summary>
/// Topics and groups that are made, and a key of the broker that is raised, one after the other and over any number of broker deaths; what
/// was acknowledged is known. By plain frames.
/// </summary>
internal sealed class ConfigChanges(ServerUnderTest server) : IAsyncDisposable
{
    // A live key that nothing here depends on.
    private const string Key = "flushIntervalCommitLog";
    private const int FirstValue = 1_000;

    private const int UpdateBrokerConfig = 25;
    private const int GetBrokerConfig = 26;
    private const int UpdateAndCreateSubscriptionGroup = 200;
    private const int GetTopicConfig = 351;
    private const int GetSubscriptionGroupConfig = 352;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly List<string> _topics = [];
    private readonly List<string> _groups = [];
    private Workers _workers = new();
    private long _acknowledged;
    private int _topic;
    private int _group;
    private int _value = FirstValue;
    private int _acknowledgedValue;

    /// <summary>Changes that were acknowledged.</summary>
    public long Acknowledged => Interlocked.Read(ref _acknowledged);

    public void Start()
    {
        _workers = new Workers();
        Workers workers = _workers;
        workers.Start(1, _ => workers.AgainAsync(server, broker => AgainAsync(workers, broker, MakeTopicAsync)));
        workers.Start(1, _ => workers.AgainAsync(server, broker => AgainAsync(workers, broker, MakeGroupAsync)));
        workers.Start(1, _ => workers.AgainAsync(server, broker => AgainAsync(workers, broker, RaiseAsync)));
    }

    /// <summary>Returns when so many more changes have been acknowledged.</summary>
    public Task ChangedAsync(int more, string when)
    {
        long enough = Acknowledged + more;
        return _workers.UntilAsync(() => Acknowledged >= enough, $"changes are made {when}", Patience);
    }

    public Task StopAsync() => _workers.StopAsync();

    /// <summary>Lists the faults of the broker's settings and topics while no producer of changes runs.</summary>
    public async Task<IReadOnlyList<string>> ViolationsAsync()
    {
        List<string> violations = [];
        await using RawConnection broker = await RawConnection.ConnectAsync(server.BrokerAddress);
        foreach (string topic in _topics)
        {
            RawFrame answer = await broker.RequestAsync(GetTopicConfig, RawFields.Of(("topic", topic)));
            violations.AddRange(answer.Code == RawBroker.Success ? [] : [$"{topic} is gone: {answer.Code}"]);
        }

        foreach (string group in _groups)
        {
            RawFrame answer = await broker.RequestAsync(GetSubscriptionGroupConfig, RawFields.Of(("group", group)));
            violations.AddRange(answer.Code == RawBroker.Success ? [] : [$"{group} is gone: {answer.Code}"]);
        }

        int value = await ReadValueAsync(broker);
        if (_acknowledgedValue != 0 && (value < _acknowledgedValue || value > _value))
        {
            violations.Add($"{Key} is {value}, not between {_acknowledgedValue} and {_value}");
        }

        return violations;
    }

    public ValueTask DisposeAsync() => _workers.DisposeAsync();

    private async Task AgainAsync(Workers workers, RawConnection broker, Func<RawConnection, Task> change)
    {
        while (!workers.IsStopping)
        {
            await change(broker);
            Interlocked.Increment(ref _acknowledged);
        }
    }

    private async Task MakeTopicAsync(RawConnection broker)
    {
        string topic = string.Create(CultureInfo.InvariantCulture, $"Made{_topic++}");
        (await RawBroker.CreateTopicAsync(broker, topic, 1)).Code.Should().Be(RawBroker.Success);
        _topics.Add(topic);
    }

    private async Task MakeGroupAsync(RawConnection broker)
    {
        // The broker makes the retry topics of its groups later; nothing here is about those.
        string group = string.Create(CultureInfo.InvariantCulture, $"made{_group++}");
        (await broker.RequestAsync(UpdateAndCreateSubscriptionGroup, body: RawFields.Group(group))).Code.Should().Be(RawBroker.Success);
        _groups.Add(group);
    }

    private async Task RaiseAsync(RawConnection broker)
    {
        int value = ++_value;
        byte[] body = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Key}={value}"));
        (await broker.RequestAsync(UpdateBrokerConfig, body: body)).Code.Should().Be(RawBroker.Success);
        _acknowledgedValue = value;
    }

    private static async Task<int> ReadValueAsync(RawConnection broker)
    {
        string text = Encoding.UTF8.GetString((await broker.RequestAsync(GetBrokerConfig)).Body.Span);
        string line = text.Split('\n').Single(static line => line.StartsWith($"{Key}=", StringComparison.Ordinal));
        return int.Parse(line[(Key.Length + 1)..], CultureInfo.InvariantCulture);
    }
}
