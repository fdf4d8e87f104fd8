using System.Globalization;
using RocketOps.Broker.Failover;
using RocketOps.Broker.Failover.Leases;
using RocketOps.Broker.Tests.Replication;
using RocketOps.Broker.Tests.Support;
using RocketOps.Election.Leases;
using RocketOps.NameServer.Hosting;
using RocketOps.Protocol.Commands;
using RocketOps.Store.Files;
using RocketOps.Testing.Time;
using RocketOps.Testing;
using RocketOps.Testing.Processes;

namespace RocketOps.Broker.Tests.Failover;

/// <summary>
/// A name server and the members of one group, real brokers in this process that elect their master by a lease in a file. Each can be killed and started again on its store. Leases and all other times are so long that no busy
/// machine lets them end. What they are for ends nevertheless, and at once: whoever waits here for a leader lets the time pass that the lease of a member which is not there any more still lasts, when all others have seen that lease.
/// </summary>
internal sealed class ElectedMembers : IAsyncDisposable
{
    public const string Topic = "elected";

    /// <summary>Of a lease.</summary>
    public static readonly TimeSpan Duration = TimeSpan.FromMinutes(3);

    /// <summary>After which a follower that has not caught up is in sync no longer.</summary>
    public static readonly TimeSpan MaxLag = TimeSpan.FromMinutes(2);

    /// <summary>What has an end of its own, a hand-over or the wait for copies, does not end before the test.</summary>
    private const string Long = "120000";

    private const string StoryBegin = "\nby ";

    private readonly TempDirectory _directory = new("elected-");
    private readonly Dictionary<string, TempDirectory> _stores = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _ports = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TestBroker> _running = new(StringComparer.Ordinal);
    private readonly Dictionary<string, RecordedLog> _logs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _settings;
    private readonly string[] _names;

    // The highest epoch a member may have led in when it ended.
    private readonly Dictionary<string, long> _ended = new(StringComparer.Ordinal);
    private NameServerHost? _nameServer;
    private (LeaseRecord Lease, int Starts) _expired;
    private (long Epoch, int Starts) _late;
    private int _starts;

    private ElectedMembers(string[] names, Dictionary<string, string> settings)
    {
        _names = names;
        _settings = settings;
        foreach (string name in names)
        {
            _ports[name] = LoopbackPorts.Find(-2, 0, 1);
            _stores[name] = new TempDirectory("member-");
            _logs[name] = new RecordedLog();
        }
    }

    public string NameServer => _nameServer!.EndPoint.ToString();

    public string LeaseFile => _directory.File("lease.json");

    /// <summary>The clock of all members.</summary>
    public MovedTime Time { get; } = new();

    public IEnumerable<TestBroker> Running => _running.Values;

    public TestBroker this[string name] => _running[name];

    public static async Task<ElectedMembers> StartAsync(string[] names, params (string Key, string Value)[] settings)
    {
        ElectedMembers members = new(names, settings.ToDictionary(static setting => setting.Key, static setting => setting.Value, StringComparer.Ordinal));
        members._nameServer = await NameServers.StartAsync(members._directory);
        foreach (string name in names)
        {
            await members.StartAsync(name);
        }

        return members;
    }

    public RecordedLog LogOf(string name) => _logs[name];

    public string AddressOf(string name) => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{_ports[name]}");

    public string StoreOf(string name) => _stores[name].File("store");

    /// <summary>Null for who is no member.</summary>
    public string? TryStoreOf(string name) => _stores.TryGetValue(name, out TempDirectory? store) ? store.File("store") : null;

    public static FailoverMember MemberOf(TestBroker broker) => broker.Host.Modules.Failover.Member!;

    public async Task StartAsync(string name, IStoreFileSystem? fileSystem = null)
    {
        Dictionary<string, string> values = new(StringComparer.Ordinal)
        {
            ["brokerName"] = "group-a",
            ["namesrvAddr"] = _nameServer!.EndPoint.ToString(),
            ["listenPort"] = _ports[name].ToString(CultureInfo.InvariantCulture),
            ["mappedFileSizeCommitLog"] = "65536",
            ["slaveSyncInterval"] = "200",
            ["failover"] = "Automatic",
            ["memberName"] = name,
            ["groupMembers"] = string.Join(',', _names.Select(member => $"{member}@127.0.0.1:{_ports[member]}")),
            ["leaseStore"] = $"file:{LeaseFile}",
            ["leaseDurationMillis"] = Duration.TotalMilliseconds.ToString(CultureInfo.InvariantCulture),
            ["leaseRenewMillis"] = "250",
            ["leaseMarginMillis"] = (Duration / 45).TotalMilliseconds.ToString(CultureInfo.InvariantCulture),
            ["haMaxTimeSlaveNotCatchup"] = MaxLag.TotalMilliseconds.ToString(CultureInfo.InvariantCulture),
            ["haHousekeepingInterval"] = "86400000",
            ["channelExpiredTimeout"] = "86400000",
            ["handOverTimeoutMillis"] = Long,
            ["slaveTimeout"] = Long,
            ["handOverLingerMillis"] = "0",
        };
        foreach ((string key, string value) in _settings)
        {
            values[key] = value;
        }

        TestBroker broker = await TestBroker.StartAsync(values, _stores[name], fileSystem: fileSystem, loggers: _logs[name], time: Time);
        broker.Host.Modules.Routing.Forwarder!.Patience = Eventually.DefaultDeadline;
        _running[name] = broker;
        _starts++;
    }

    /// <summary>Starts a member on the store that a member of the same name has in another group.</summary>
    public Task StartOnAsync(string name, ElectedMembers other)
    {
        _stores[name].Dispose();
        _stores[name] = other._stores[name];
        return StartAsync(name);
    }

    /// <summary>It stops without telling anybody: its lease ends by itself, with the wait for the next leader.</summary>
    public async Task KillAsync(string name)
    {
        await MemberOf(_running[name]).DisposeAsync();
        await StopAsync(name);
    }

    public async Task StopAsync(string name)
    {
        _running.Remove(name, out TestBroker? broker);
        await broker!.DisposeAsync();
        _ended[name] = await TryReadLeaseAsync() is { } lease ? lease.Epoch : 0;
    }

    /// <summary>Lets the lease end of a member that runs.</summary>
    public async Task EndLeaseAsync(string holder)
    {
        _ended[holder] = (await LeaseAsync()).Epoch;
        Time.Pass(Duration);
    }

    /// <summary>A copy of a member's store as it is now, while the member runs: a snapshot of its volume.</summary>
    public TempDirectory Snapshot(string name)
    {
        TempDirectory snapshot = new("snapshot-");
        Folders.Copy(StoreOf(name), snapshot.File("store"));
        return snapshot;
    }

    /// <summary>A snapshot takes the place of the store of a member that does not run.</summary>
    public void PutBack(string name, TempDirectory snapshot)
    {
        Directory.Delete(StoreOf(name), recursive: true);
        Folders.Copy(snapshot.File("store"), StoreOf(name));
    }

    /// <summary>Stops one after the other and starts it again, each on a disk of its own; the others are in sync meanwhile.</summary>
    public async Task MoveAsync<TDisk>(IEnumerable<(string Name, TDisk Disk)> disks)
        where TDisk : IStoreFileSystem
    {
        foreach ((string name, TDisk disk) in disks)
        {
            await StopAsync(name);
            await InSyncAsync([.. _names.Where(other => other != name)]);
            await StartAsync(name, disk);
            await InSyncAsync(_names);
        }
    }

    public string NameOf(TestBroker broker) => _running.Single(member => member.Value == broker).Key;

    /// <summary>The member that leads and takes messages.</summary>
    public async Task<TestBroker> MasterAsync()
    {
        TestBroker? master = null;
        await UntilAsync(
            async () => (master = Running.FirstOrDefault(static broker => MemberOf(broker).Standing.TakesMessages)) is not null && await WaitsForNobodyGoneAsync(master),
            "a member leads and waits for no member that is gone");
        return master!;
    }

    /// <summary>Lines that all members have logged of the group so far.</summary>
    private string Story => string.Join('\n', _logs.SelectMany(static member => member.Value.Lines.Where(static line => line.Id is >= 3500 and < 3700).Select(line => $"{member.Key}: {line.Text}")));

    /// <summary>Sends until it is acknowledged by whoever leads; returns who it was.</summary>
    public async Task<TestBroker> SendAsync(string body)
    {
        TestBroker? taker = null;
        await TrueAsync(
            async () =>
            {
                taker = await MasterAsync();
                return (await taker.InvokeAsync(Requests.Send(Topic, body))).Code == ResponseCode.Success;
            },
            $"'{body}' is acknowledged");
        return taker!;
    }

    /// <summary>Waits; a lease of somebody who is not there any more ends meanwhile.</summary>
    public Task UntilAsync(Func<bool> condition, string what) => UntilAsync(() => Task.FromResult(condition()), what);

    /// <summary>Waits, and lets no time pass; what the members told meanwhile is in the exception.</summary>
    public Task TrueAsync(Func<bool> condition, string what) => TrueAsync(() => Task.FromResult(condition()), what);

    private Task UntilAsync(Func<Task<bool>> condition, string what) => TrueAsync(
        async () =>
        {
            if (await condition())
            {
                return true;
            }

            await EndLeaseOfNobodyAsync();
            return false;
        },
        what);

    private async Task TrueAsync(Func<Task<bool>> condition, string what)
    {
        try
        {
            await Eventually.TrueAsync(condition, what);
        }
        catch (TimeoutException late) when (!late.Message.Contains(StoryBegin, StringComparison.Ordinal))
        {
            throw new TimeoutException($"{late.Message}{StoryBegin}{await File.ReadAllTextAsync(LeaseFile)}\n{Story}", late);
        }
    }

    /// <summary>Once for each lease and each start of a member: who has seen it only afterwards would count its time anew.</summary>
    private async Task EndLeaseOfNobodyAsync()
    {
        if (await TryReadLeaseAsync() is not { } lease || OwnerOf(lease) is not { } owner || !(IsEnded(owner, lease) || IsGivenUp(lease))
            || _running.Count == 0 || !Running.All(broker => MemberOf(broker).Standing.Lease is { } seen && seen.IsSameRenewal(lease)))
        {
            return;
        }

        if (_expired.Lease is not { } expired || !expired.IsSameRenewal(lease) || _expired.Starts != _starts)
        {
            _expired = (lease, _starts);
            Time.Pass(Duration);
        }
    }

    /// <summary>Who holds it; of one that was handed over, who is to have it, unless that one runs: it takes it.</summary>
    private bool IsEnded(string owner, LeaseRecord lease) => _ended.TryGetValue(owner, out long ended) && lease.Epoch <= ended;

    /// <summary>Its holder runs and has no use for it, as it heard too late that it had got it: the time passed in between.</summary>
    private bool IsGivenUp(LeaseRecord lease) => _running.TryGetValue(lease.Holder, out TestBroker? holder)
        && MemberOf(holder).Standing is { HeldEpoch: 0, Lease: { } seen } && seen.IsSameRenewal(lease);

    private string? OwnerOf(LeaseRecord lease) => lease.Holder.Length > 0 ? lease.Holder : lease.Successor is { } successor && !_running.ContainsKey(successor) ? successor : null;

    /// <summary>
    /// A new master waits for all that were in sync with the one before, also for one that is gone, until that one counts as late: the time for it passes as soon as all others follow. False while they do not yet.
    /// </summary>
    private async Task<bool> WaitsForNobodyGoneAsync(TestBroker master)
    {
        LeaseRecord lease = await LeaseAsync();
        if (lease.InSync.All(copy => _running.ContainsKey(copy.Member)) || _late == (lease.Epoch, _starts))
        {
            return true;
        }

        if (master.Host.Modules.Replication.Slaves.CountInSync() < _running.Count - 1)
        {
            return false;
        }

        _late = (lease.Epoch, _starts);
        Time.Pass(MaxLag);
        return true;
    }

    /// <summary>Null while there is none, or none that can be read.</summary>
    public async Task<LeaseRecord?> TryReadLeaseAsync()
    {
        try
        {
            return (await new FileLeaseStore(LeaseFile, TimeProvider.System).ReadAsync(CancellationToken.None))?.Record;
        }
        catch (LeaseStoreException)
        {
            // A test has spoilt it.
            return null;
        }
    }

    public async Task<LeaseRecord> LeaseAsync() => (await new FileLeaseStore(LeaseFile, TimeProvider.System).ReadAsync(CancellationToken.None))!.Record;

    /// <summary>
    /// By the lease, and by what a master knows of it: its own change is in the lease a moment earlier. Of a member that has been stopped and started again the lease may still tell from before: whoever needs it to follow waits in
    /// between until it is in sync no more.
    /// </summary>
    public Task InSyncAsync(params string[] names) => Eventually.TrueAsync(
        async () => AreInSync(await LeaseAsync(), names) && Running.Where(static broker => MemberOf(broker).Standing.Leads).All(master => MemberOf(master).Standing.Lease is { } seen && AreInSync(seen, names)),
        $"in sync are {string.Join(", ", names)}");

    private static bool AreInSync(LeaseRecord lease, string[] names) => lease.InSync.Select(static copy => copy.Member).Order(StringComparer.Ordinal).SequenceEqual(names.Order(StringComparer.Ordinal));

    /// <summary>A turn at the lease's file that nobody can take over, and nobody has, until what is returned is deleted: what is in there is no content.</summary>
    public async Task<DirectoryInfo> HoldTurnAsync()
    {
        DirectoryInfo held = new(Path.Combine($"{LeaseFile}.turn", "held"));
        await Eventually.TrueAsync(
            () =>
            {
                try
                {
                    held.Create();
                    return true;
                }
                catch (IOException)
                {
                    // A member has just removed the turn's folder, which was empty still.
                    return false;
                }
            },
            "the turn is taken");
        return held;
    }

    /// <summary>Changes the lease as a person with an editor does, but never over somebody else's write.</summary>
    public async Task EditAsync(Func<LeaseRecord, LeaseRecord> edit)
    {
        FileLeaseStore store = new(LeaseFile, TimeProvider.System);
        await Eventually.TrueAsync(
            async () => await store.ReadAsync(CancellationToken.None) is { } lease && await store.TryWriteAsync(edit(lease.Record), lease.Version, CancellationToken.None) is not null, "the lease is edited");
    }

    /// <summary>Bodies of the topic as a member answers them. Its configuration comes to a slave apart from the log.</summary>
    public async Task<List<string>> ReadAsync(TestBroker broker)
    {
        await Eventually.TrueAsync(() => broker.Host.Modules.Topics.Topics.TryGet(Topic, out _), $"{NameOf(broker)} knows the topic");
        return await BrokerGroup.ReadAsync(broker, Topic);
    }

    public Task SameLogsAsync() => Eventually.TrueAsync(
        () => Running.Select(static broker => broker.Host.Modules.Host.Store.Positions.Appended.Value).Distinct().Count() == 1
            && Running.All(static broker => broker.Host.Modules.Host.Store.GetStats() is var stats && stats.DispatchedOffset == stats.MaxOffset),
        "all have the same log");

    public async ValueTask DisposeAsync()
    {
        foreach (string name in _running.Keys.ToArray())
        {
            await KillAsync(name);
        }

        await (_nameServer?.DisposeAsync() ?? ValueTask.CompletedTask);
        _directory.Dispose();
        foreach (TempDirectory store in _stores.Values)
        {
            store.Dispose();
        }
    }
}
