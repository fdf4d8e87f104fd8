using Microsoft.Extensions.Logging;
using RocketOps.Broker.Tests.Support;
using RocketOps.NameServer.Hosting;
using RocketOps.Protocol.Commands;
using RocketOps.Store.Files;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Replication;

/// <summary>A name server, a master and a slave, all in this process, with stores that outlive a restart of either.</summary>
internal sealed class BrokerGroup : IAsyncDisposable
{
    private readonly TempDirectory _directory = new("group-");
    private readonly TempDirectory _masterDirectory = new("master-");
    private readonly TempDirectory _slaveDirectory = new("slave-");
    private NameServerHost? _nameServer;
    private TestBroker? _master;
    private TestBroker? _slave;
    private TimeProvider? _time;

    public TestBroker Master => _master!;

    public TestBroker Slave => _slave!;

    public RecordedLog SlaveLog { get; } = new();

    public RecordedLog MasterLog { get; } = new();

    public long SlaveEnd => Slave.Host.Modules.Host.Store.Positions.Appended.Value;

    public long MasterEnd => Master.Host.Modules.Host.Store.Positions.Appended.Value;

    public static async Task<BrokerGroup> StartAsync(Dictionary<string, string>? master = null, Dictionary<string, string>? slave = null, TimeProvider? time = null)
    {
        BrokerGroup group = new() { _time = time };
        group._nameServer = await NameServers.StartAsync(group._directory);
        await group.StartMasterAsync(master);
        await group.StartSlaveAsync(slave);
        return group;
    }

    public async Task StartMasterAsync(Dictionary<string, string>? settings = null)
    {
        _master = await StartAsync(settings, _masterDirectory, MasterLog);
    }

    public async Task StartSlaveAsync(Dictionary<string, string>? settings = null, IStoreFileSystem? fileSystem = null)
    {
        Dictionary<string, string> values = new(StringComparer.Ordinal) { ["brokerRole"] = "SLAVE", ["brokerId"] = "1", ["slaveSyncInterval"] = "200" };
        foreach ((string key, string value) in settings ?? [])
        {
            values[key] = value;
        }

        _slave = await StartAsync(values, _slaveDirectory, SlaveLog, fileSystem);
    }

    public async Task StopMasterAsync() => await Master.DisposeAsync();

    public async Task StopSlaveAsync() => await Slave.DisposeAsync();

    /// <summary>An administrator runs the stopped slave as a master, which takes messages of topic T, and stops it.</summary>
    public async Task LeadSlaveForAWhileAsync(params string[] bodies)
    {
        await StartSlaveAsync(new(StringComparer.Ordinal) { ["brokerRole"] = "ASYNC_MASTER", ["brokerId"] = "0", ["namesrvAddr"] = string.Empty });
        foreach (string body in bodies)
        {
            await Slave.SendAsync("T", body);
        }

        await StopSlaveAsync();
    }

    /// <summary>The master that is started next lacks these files of its tables, and their backups; all when none is named.</summary>
    public void LoseTables(params string[] files)
    {
        string config = Path.Combine(_masterDirectory.File("store"), "config");
        if (files.Length == 0)
        {
            Directory.Delete(config, recursive: true);
        }

        foreach (string file in files)
        {
            File.Delete(Path.Combine(config, file));
            File.Delete(Path.Combine(config, file + ".bak"));
        }
    }

    /// <summary>The slave that is started next begins empty.</summary>
    public void MoveSlaveStoreAway() => Directory.Move(_slaveDirectory.File("store"), _slaveDirectory.File("moved"));

    /// <summary>Copies the folder of the slave, which has stopped.</summary>
    public TempDirectory CopySlaveStore()
    {
        TempDirectory copy = new("older-");
        Folders.Copy(_slaveDirectory.File("store"), copy.File("store"));
        return copy;
    }

    /// <summary>The slave that is started next has an older copy of its folder.</summary>
    /// <param name="older">The copy.</param>
    /// <param name="keepsTables">The folder config/ stays as it is.</param>
    public void PutSlaveStoreBack(TempDirectory older, bool keepsTables)
    {
        string store = _slaveDirectory.File("store");
        MoveSlaveStoreAway();
        Folders.Copy(older.File("store"), store);
        if (keepsTables)
        {
            Directory.Delete(Path.Combine(store, "config"), recursive: true);
            Folders.Copy(Path.Combine(_slaveDirectory.File("moved"), "config"), Path.Combine(store, "config"));
        }
    }

    /// <summary>The master that is started next begins empty.</summary>
    public void MoveMasterStoreAway() => Directory.Move(_masterDirectory.File("store"), _masterDirectory.File("moved"));

    /// <summary>The log and, which comes apart from it within slaveSyncInterval, the topics.</summary>
    public Task InSyncAsync() => Eventually.TrueAsync(
        () => MasterEnd == SlaveEnd && Slave.Host.Modules.Host.Store.GetStats().DispatchedOffset.Value == SlaveEnd && Slave.Host.Modules.Topics.Topics.Version == Master.Host.Modules.Topics.Topics.Version,
        "the slave has what the master has");

    public Task ConnectedAsync() => Eventually.TrueAsync(() => Master.Host.Modules.Replication.Slaves.CountInSync() == 1, "the slave follows");

    /// <summary>Bodies of one queue as a broker answers them.</summary>
    public static async Task<List<string>> ReadAsync(TestBroker broker, string topic, int queueId = 0)
    {
        List<string> bodies = [];
        while (true)
        {
            RemotingCommand answer = await PullAsync(broker, topic, queueId, bodies.Count);
            if (answer.Code != ResponseCode.Success)
            {
                return bodies;
            }

            bodies.AddRange(Requests.Decode(answer).Select(static message => message.Body));
        }
    }

    /// <summary>A pull. A slave makes a group at its first pull and forgets it with its next round, as its master does not know it: then it is asked again.</summary>
    public static async Task<RemotingCommand> PullAsync(TestBroker broker, string topic, int queueId, long offset)
    {
        RemotingCommand? answer = null;
        await Eventually.TrueAsync(
            async () => (answer = await broker.PullAsync("reader", topic, queueId, offset, sysFlag: 4, subscription: "*")).Code != ResponseCode.SubscriptionGroupNotExist, "the group is there");
        return answer!;
    }

    public async ValueTask DisposeAsync()
    {
        await (_slave?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (_master?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (_nameServer?.DisposeAsync() ?? ValueTask.CompletedTask);
        _directory.Dispose();
        _masterDirectory.Dispose();
        _slaveDirectory.Dispose();
    }

    private Task<TestBroker> StartAsync(Dictionary<string, string>? settings, TempDirectory directory, ILoggerFactory log, IStoreFileSystem? fileSystem = null)
    {
        Dictionary<string, string> values = new(StringComparer.Ordinal)
        {
            ["namesrvAddr"] = _nameServer!.EndPoint.ToString(),
            ["mappedFileSizeCommitLog"] = "65536",
            ["haSendHeartbeatInterval"] = "500",
        };
        foreach ((string key, string value) in settings ?? [])
        {
            values[key] = value;
        }

        return TestBroker.StartAsync(values, directory, fileSystem: fileSystem, loggers: log, time: _time);
    }
}
