using System.Globalization;
using System.Text;
using RocketOps.Testing.Processes;
using RocketOps.Testing.Remoting;

namespace RocketOps.Testing.Servers;

/// <summary>
/// A name server and a broker as processes of their own: ours or Apache's, behind one face, so that a test says the same of both.
/// The cluster is <c>DefaultCluster</c>, the broker <c>broker-a</c>, all on loopback.
/// </summary>
public abstract class ServerUnderTest : IAsyncDisposable
{
    public const string ClusterName = "DefaultCluster";
    public const string BrokerName = "broker-a";

    /// <summary>For a process to start and to be of use; a machine that is short of CPU needs a minute for one of Apache's.</summary>
    protected static readonly TimeSpan StartPatience = TimeSpan.FromMinutes(3);

    private const int GetRouteInfoByTopic = 105;
    private const int Success = 0;

    private readonly TempDirectory _directory;

    protected ServerUnderTest(string name, ServerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Name = name;
        Options = options;
        _directory = new TempDirectory($"{name}-");
        StoreDirectory = options.StoreDirectory ?? Path.Combine(_directory.Path, "store");

        // Name server P, broker P+10 with its fast port P+8 and its replication port P+11.
        NameServerPort = LoopbackPorts.Find(0, 8, 10, 11);
    }

    /// <summary>Short name for messages and test output: <c>rocketops</c>, <c>apache-4.9.7</c>.</summary>
    public string Name { get; }

    public string NameServerAddress => Options.NameServerAddress ?? Loopback(NameServerPort);

    public string BrokerAddress => Loopback(BrokerPort);

    /// <summary>The broker's address as clients learn it: with the host of <c>brokerIP1</c>, for a test that stands between them.</summary>
    public string ShownBrokerAddress => string.Create(CultureInfo.InvariantCulture, $"{Options.Broker.GetValueOrDefault("brokerIP1", "127.0.0.1")}:{BrokerPort}");

    /// <summary>Where it serves slaves.</summary>
    public string HaAddress => Loopback(BrokerPort + 1);

    /// <summary>The store's root: <c>commitlog/</c>, <c>consumequeue/</c> and the rest lie in it.</summary>
    public string StoreDirectory { get; }

    /// <summary>Everything of this server; removed on disposal.</summary>
    public string WorkDirectory => _directory.Path;

    protected ServerOptions Options { get; }

    protected int NameServerPort { get; }

    protected int BrokerPort => NameServerPort + 10;

    /// <summary>The broker that was started has ended by itself; false where that is not known.</summary>
    protected virtual bool HasBrokerEnded => false;

    /// <summary>Starts both and returns when the broker has registered.</summary>
    public async Task StartAsync()
    {
        if (Options.NameServerAddress is null)
        {
            await StartNameServerAsync();
        }

        await StartBrokerAsync();
    }

    /// <summary>
    /// Starts the broker, on the store it left, and returns when the name server knows it. Throws
    /// <see cref="InvalidOperationException"/> when it ends instead.
    /// </summary>
    public async Task StartBrokerAsync()
    {
        await StartBrokerProcessAsync();
        try
        {
            await Eventually.TrueAsync(
                async () => HasBrokerEnded || await IsRegisteredAsync(), $"{Name}: broker registered at the name server", StartPatience);
        }
        catch (TimeoutException exception)
        {
            throw new TimeoutException($"{exception.Message}\n{await LogsAsync()}", exception);
        }

        if (HasBrokerEnded)
        {
            throw new InvalidOperationException($"{Name}: the broker ended instead of registering:\n{await LogsAsync()}");
        }
    }

    /// <summary>Ends the broker as a service manager does and waits for it.</summary>
    public abstract Task StopBrokerAsync();

    /// <summary>SIGKILL to the broker's process; returns when the process is gone.</summary>
    public abstract Task KillBrokerAsync();

    /// <summary>What the servers wrote to their logs, for failure messages.</summary>
    public abstract Task<string> LogsAsync();

    public async ValueTask DisposeAsync()
    {
        await DisposeServersAsync();
        _directory.Dispose();
        GC.SuppressFinalize(this);
    }

    protected abstract Task StartNameServerAsync();

    protected abstract Task StartBrokerProcessAsync();

    protected abstract Task DisposeServersAsync();

    /// <summary>The broker's properties, the same for every server under test.</summary>
    protected SortedDictionary<string, string> BrokerProperties()
    {
        SortedDictionary<string, string> properties = new(StringComparer.Ordinal)
        {
            ["brokerClusterName"] = ClusterName,
            ["brokerName"] = BrokerName,
            ["brokerId"] = "0",
            // 4.9.7 has no such property, and does not mind it.
            ["bindAddress"] = "127.0.0.1",
            ["brokerIP1"] = "127.0.0.1",
            ["brokerIP2"] = "127.0.0.1",
            ["namesrvAddr"] = NameServerAddress,
            ["listenPort"] = BrokerPort.ToString(CultureInfo.InvariantCulture),
            ["haListenPort"] = (BrokerPort + 1).ToString(CultureInfo.InvariantCulture),
            ["storePathRootDir"] = StoreDirectory,
            ["storePathCommitLog"] = Path.Combine(StoreDirectory, "commitlog"),
            ["brokerRole"] = "ASYNC_MASTER",
            // Small machines that also run the clients: patience instead of flow control.
            ["osPageCacheBusyTimeOutMills"] = "60000",
            ["diskMaxUsedSpaceRatio"] = "95",
        };
        foreach (string queue in (string[])["Send", "Pull", "LitePull", "Heartbeat", "Transaction", "Ack", "AdminBroker"])
        {
            properties[$"waitTimeMillsIn{queue}Queue"] = "600000";
        }

        foreach ((string key, string value) in Options.Broker)
        {
            properties[key] = value;
        }

        return properties;
    }

    private static string Loopback(int port) => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");

    // Every broker announces TBW102 while it creates topics by itself, which is the default.
    private async Task<bool> IsRegisteredAsync()
    {
        if (!await RawConnection.IsListeningAsync(BrokerAddress) || !await RawConnection.IsListeningAsync(NameServerAddress))
        {
            return false;
        }

        await using RawConnection connection = await RawConnection.ConnectAsync(NameServerAddress);
        Dictionary<string, string> fields = new(StringComparer.Ordinal) { ["topic"] = "TBW102" };
        RawFrame route = await connection.RequestAsync(GetRouteInfoByTopic, fields);
        return route.Code == Success && Encoding.UTF8.GetString(route.Body.Span).Contains(ShownBrokerAddress, StringComparison.Ordinal);
    }
}
