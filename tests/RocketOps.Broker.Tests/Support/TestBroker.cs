using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Hosting;
using RocketOps.Hosting.Hosts;
using RocketOps.Hosting.Properties;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Client;
using RocketOps.Remoting.Connections;
using RocketOps.Store.Files;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Support;

/// <summary>
/// A real broker in this process, on a free port and in a directory of its own, and a client connected to it. Whatever it was asked, no thread that drives connections has waited for
/// the disk: that is looked at in the end.
/// </summary>
internal sealed class TestBroker : IAsyncDisposable
{
    /// <summary>For an answer of a broker whose machine is busy: it only has to come.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly TempDirectory _directory;
    private readonly bool _ownsDirectory;
    private readonly WatchedDisk _disk;
    private readonly RemotingClient _client;

    private TestBroker(TempDirectory directory, bool ownsDirectory, WatchedDisk disk, BrokerHost host, RemotingClient client)
    {
        _disk = disk;
        _directory = directory;
        _ownsDirectory = ownsDirectory;
        Host = host;
        _client = client;
    }

    public BrokerHost Host { get; }

    public string Address => $"127.0.0.1:{Host.EndPoint.Port}";

    public TempDirectory Directory => _directory;

    /// <summary>What its files lie on.</summary>
    public WatchedDisk Disk => _disk;

    /// <summary>Starts a broker; <paramref name="settings"/> are RocketMQ's keys and win over the fixture's, <paramref name="time"/> is its clock, the system's by default.</summary>
    public static async Task<TestBroker> StartAsync(
        Dictionary<string, string>? settings = null,
        TempDirectory? directory = null,
        RequestHandlerRegistry? pushed = null,
        IStoreFileSystem? fileSystem = null,
        ILoggerFactory? loggers = null,
        TimeProvider? time = null,
        HostResolver? resolver = null)
    {
        TempDirectory folder = directory ?? new TempDirectory("broker-");
        Dictionary<string, string> values = new(StringComparer.Ordinal)
        {
            ["brokerName"] = "broker-a",
            ["brokerIP1"] = "127.0.0.1",
            ["bindAddress"] = "127.0.0.1",
            ["listenPort"] = "0",
            ["storePathRootDir"] = folder.File("store"),
            ["mappedFileSizeCommitLog"] = "16777216",
            ["maxHashSlotNum"] = "5000",
            ["maxIndexNum"] = "20000",
            ["diskMaxUsedSpaceRatio"] = "95",
            ["diskSpaceCleanForciblyRatio"] = "99",
            ["diskSpaceWarningLevelRatio"] = "100",
            // How long a machine with other work takes for a file decides no test that is not about it.
            ["osPageCacheBusyTimeOutMills"] = "3600000",
            ["syncFlushTimeout"] = "3600000",
            // Nor does a look at who has been silent that comes by the machine's time, where a test has let minutes pass by the broker's.
            ["serverChannelMaxIdleTimeSeconds"] = "1000000000",
        };
        foreach ((string key, string value) in settings ?? [])
        {
            values[key] = value;
        }

        WatchedDisk disk = new(fileSystem ?? new LinuxFileSystem());
        try
        {
            BrokerHost host = await BrokerHost.StartAsync(OptionsOf(values), loggers ?? NullLoggerFactory.Instance, fileSystem: disk, time: time, resolver: resolver);
            return new TestBroker(folder, directory is null, disk, host, NewClient(pushed));
        }
        catch when (directory is null)
        {
            folder.Dispose();
            throw;
        }
    }

    public static BrokerOptions OptionsOf(Dictionary<string, string> values)
    {
        PropertyLoadResult result = PropertyLoader.Apply(
            PropertyValues.Defaults(BrokerCatalog.All), values.Select(static pair => new PropertyEntry(pair.Key, pair.Value, new PropertyOrigin("test", 0))));
        result.Errors.Should().BeEmpty();
        return BrokerOptions.From(result.Values);
    }

    public static RemotingClient NewClient(RequestHandlerRegistry? pushed = null) => new(new RemotingClientOptions { ConnectTimeout = Patience, InvokeTimeout = Patience }, NullLoggerFactory.Instance, new HostResolver().ResolveAsync, pushed);

    /// <summary>The answer. What was stored before can be read when the broker gets the request, and what it stored itself when this returns.</summary>
    public async Task<RemotingCommand> InvokeAsync(RemotingCommand request)
    {
        await Readable.UntilAsync(Host.Modules.Host.Store);
        RemotingCommand answer = await _client.InvokeAsync(Address, request, Patience);
        await Readable.UntilAsync(Host.Modules.Host.Store);
        return answer;
    }

    public Task InvokeOneWayAsync(RemotingCommand request) => _client.InvokeOneWayAsync(Address, request);

    /// <summary>Sends one message and expects it to be stored.</summary>
    public async Task<RemotingCommand> SendAsync(string topic, string body, int queueId = 0, string properties = "", string group = "pg")
    {
        RemotingCommand answer = await InvokeAsync(Requests.Send(topic, body, queueId, properties, group));
        answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
        return answer;
    }

    /// <summary>Makes a topic, or changes one, with as many queues to write to as to read from unless told otherwise.</summary>
    public async Task CreateTopicAsync(string topic, int queues = 1, int perm = 6, int? writeQueues = null)
    {
        RemotingCommand answer = await InvokeAsync(Requests.Topic(topic, queues, perm, writeQueues));
        answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
    }

    /// <summary>A heartbeat of a consumer that subscribes to one topic.</summary>
    public async Task<RemotingCommand> SubscribeAsync(string group, string topic, string expression = "*", string clientId = "client-1", long version = 1, string type = "TAG")
    {
        RemotingCommand answer = await InvokeAsync(Requests.Heartbeat(group, topic, expression, clientId, version, type));
        answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
        return answer;
    }

    public Task<RemotingCommand> PullAsync(string group, string topic, int queueId, long offset, int sysFlag = 0, long holdMs = 0, int max = 32, long commit = 0, string? subscription = null) =>
        InvokeAsync(Requests.Pull(group, topic, queueId, offset, sysFlag, holdMs, max, commit, subscription));

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        await Host.DisposeAsync();
        if (_ownsDirectory)
        {
            _directory.Dispose();
        }

        _disk.Waits.Should().BeEmpty("all connections of a thread wait with it");
    }
}
