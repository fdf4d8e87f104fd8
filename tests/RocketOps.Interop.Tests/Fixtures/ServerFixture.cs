using RocketOps.Testing;
using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests.Fixtures;

/// <summary>
/// Servers shared by all tests of one collection. The same tests run in the collection of each peer: one that passes with us and fails with Apache's
/// servers tests the wrong thing.
/// </summary>
public abstract class ServerFixture : IAsyncLifetime
{
    protected const string DelayLevels = "messageDelayLevel";

    // Level 2 is far away instead of 5 s: the Go client's test of received foreign messages needs it (GoClientTests). Level 3, a client's first retry, is near instead of 10 s.
    protected static readonly ServerOptions SharedOptions = new()
    {
        Broker = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["enablePropertyFilter"] = "true",
            [DelayLevels] = "1s 1h 1s 1s 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 20m 30m 1h 2h",
            ["recallMessageEnable"] = "true",
            ["transactionCheckInterval"] = "2000",
            ["transactionTimeOut"] = "1000",
            ["traceTopicEnable"] = "true",
        },
    };

    private ServerUnderTest? _server;

    /// <summary>The running servers; skips the test, saying why, where a kit is missing.</summary>
    public ServerUnderTest Server
    {
        get
        {
            Kit.Require(SharedKits.RocketMq);
            return _server ?? throw new InvalidOperationException("the servers have not been started");
        }
    }

    /// <summary>Versions of Apache's Java clients and tools to try: both with us, its own with each of Apache's servers (4.9.7 does not split a 5.x client's batches right).</summary>
    public abstract IReadOnlyList<string> JavaVersions { get; }

    /// <summary>Why this peer's name server leaves unknown request codes unanswered, or null when it answers.</summary>
    public virtual string? WhyNameServerIsSilent => null;

    /// <summary>Why this peer's broker delivers messages with a time at once, or null when it waits.</summary>
    public virtual string? WhyNoTimers => null;

    public async Task InitializeAsync()
    {
        if (SharedKits.WhyMissing(SharedKits.RocketMq) is null)
        {
            _server = Create();
            await _server.StartAsync();
        }
    }

    public async Task DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    protected abstract ServerUnderTest Create();
}
