using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Testing.Disks;
using RocketOps.Testing.Processes;
using RocketOps.Testing.Remoting;

namespace RocketOps.Testing.Servers;

/// <summary>A name server and the members of a group that elects its master, each a process of its own, as a user runs them. Their stores outlive their processes.</summary>
public sealed class ElectedBrokers : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private static readonly string[] MemberNames = ["a", "b", "c"];
    private const string LeaseFileName = "lease.json";

    private readonly TempDirectory _directory = new("elected-");
    private readonly Dictionary<string, string> _settings;
    private readonly Dictionary<string, int> _ports = MemberNames.ToDictionary(static name => name, static _ => LoopbackPorts.Find(-2, 0, 1), StringComparer.Ordinal);
    private readonly Dictionary<string, ChildProcess> _running = new(StringComparer.Ordinal);
    private readonly int _nameServerPort = LoopbackPorts.Find(0);
    private ChildProcess? _nameServer;

    private readonly Func<int, string>? _memberAddress;
    private readonly ProgramPlace _nameServerPlace;
    private readonly Func<int, ProgramPlace> _memberPlace;

    /// <param name="settings">Of each broker; they win over the ones here.</param>
    /// <param name="memberAddress">By which host members reach each other, by the number of the one reached, for a test that stands between them; null for where it listens.</param>
    /// <param name="nameServerPlace">Where the name server runs; null for the loopback device.</param>
    /// <param name="memberPlace">Where each member runs, by its number; null for the loopback device.</param>
    public ElectedBrokers(Dictionary<string, string> settings, Func<int, string>? memberAddress = null, ProgramPlace? nameServerPlace = null, Func<int, ProgramPlace>? memberPlace = null)
    {
        _settings = settings;
        _memberAddress = memberAddress;
        _nameServerPlace = nameServerPlace ?? ProgramPlace.Loopback;
        _memberPlace = memberPlace ?? (static _ => ProgramPlace.Loopback);
        Directory.CreateDirectory(LeaseFolder);

        // Whoever opens it is told that it is no file, which is not to say that there is none: a lease that is gone is founded anew.
        Directory.CreateDirectory(Path.Combine(NoLeaseFolder, LeaseFileName));
        foreach (string name in MemberNames)
        {
            SymbolicLink.Point(LeaseWayOf(name), LeaseFolder);
        }
    }

    public IReadOnlyList<string> Names => MemberNames;

    /// <summary>For the processes of members that start from now on; null for none of its own.</summary>
    public IReadOnlyDictionary<string, string>? Environment { get; init; }

    /// <summary>Where each member listens, and where the others look for it. Its replication port is the next one.</summary>
    public IEnumerable<(string Name, IPEndPoint Own, IPEndPoint Shown)> Ways =>
        MemberNames.Select(name => (name, IPEndPoint.Parse(AddressOf(name)), IPEndPoint.Parse(ShownAddressOf(name))));

    public IReadOnlyList<string> Addresses => [.. MemberNames.Select(AddressOf)];

    public string NameServerAddress => string.Create(CultureInfo.InvariantCulture, $"{_nameServerPlace.Address}:{_nameServerPort}");

    private string LeaseFolder => _directory.File("lease");

    private string NoLeaseFolder => _directory.File("no-lease");

    private string LeaseFile => Path.Combine(LeaseFolder, LeaseFileName);

    public string StoreOf(string name) => _directory.File($"store-{name}");

    public string AddressOf(string name) => string.Create(CultureInfo.InvariantCulture, $"{PlaceOf(name).Address}:{_ports[name]}");


    private ProgramPlace PlaceOf(string name) => _memberPlace(Array.IndexOf(MemberNames, name));

    /// <summary>Each member comes to the lease by a way of its own, which can be cut.</summary>
    private string LeaseWayOf(string name) => _directory.File($"lease-of-{name}");

    private string ShownAddressOf(string name) =>
        _memberAddress is null ? AddressOf(name) : string.Create(CultureInfo.InvariantCulture, $"{_memberAddress(Array.IndexOf(MemberNames, name))}:{_ports[name]}");

    public async Task StartAsync()
    {
        string conf = _directory.File("namesrv.conf");
        await File.WriteAllLinesAsync(conf, [$"listenPort={_nameServerPort}", $"bindAddress={_nameServerPlace.Address}", $"kvConfigPath={_directory.File("kvConfig.json")}"]);
        _nameServer = _nameServerPlace.Start(Programs.NameServer, ["-c", conf], _directory.Path);
        await Task.WhenAll(MemberNames.Select(StartAsync));
        await AllInSyncAsync("at the beginning");
    }

    public async Task StartAsync(string name)
    {
        ProgramPlace place = PlaceOf(name);
        Dictionary<string, string> properties = new(StringComparer.Ordinal)
        {
            ["brokerClusterName"] = "elected",
            ["brokerName"] = "group-a",
            ["bindAddress"] = place.Address.ToString(),
            ["brokerIP1"] = place.Address.ToString(),
            ["listenPort"] = _ports[name].ToString(CultureInfo.InvariantCulture),
            ["namesrvAddr"] = NameServerAddress,
            ["storePathRootDir"] = StoreOf(name),
            ["diskMaxUsedSpaceRatio"] = "95",
            ["failover"] = "Automatic",
            ["memberName"] = name,
            ["groupMembers"] = string.Join(',', MemberNames.Select(member => $"{member}@{ShownAddressOf(member)}")),
            ["leaseStore"] = $"file:{Path.Combine(LeaseWayOf(name), LeaseFileName)}",
        };
        foreach ((string key, string value) in _settings)
        {
            properties[key] = value;
        }

        string path = _directory.File($"broker-{name}.conf");
        await File.WriteAllLinesAsync(path, properties.Select(static property => $"{property.Key}={property.Value}"));
        ChildProcess process = place.Start(Programs.Broker, ["-c", path], _directory.Path, Environment);
        lock (_running)
        {
            _running[name] = process;
        }

        await Eventually.TrueAsync(async () => process.HasExited || await RawConnection.IsListeningAsync(AddressOf(name)), $"{name} listens", Patience);
        if (process.HasExited)
        {
            throw new InvalidOperationException($"{name} ended instead of listening:\n{Logs()}");
        }
    }

    /// <summary>Who holds the lease.</summary>
    public async Task<string> MasterAsync()
    {
        string master = string.Empty;
        await Eventually.TrueAsync(async () => (master = (await ReadLeaseAsync()).Holder).Length > 0, "somebody holds the lease", Patience);
        return master;
    }

    public async Task AllInSyncAsync(string when)
    {
        try
        {
            await Eventually.TrueAsync(async () => (await ReadLeaseAsync()).InSync == MemberNames.Length, "all are in sync", Patience);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"not all are in sync {when}:\n{await File.ReadAllTextAsync(LeaseFile)}\n{Logs()}", late);
        }
    }

    /// <summary>SIGKILL; returns when the process is gone.</summary>
    public async Task KillAsync(string name)
    {
        ChildProcess process = _running[name];
        process.Kill();
        await process.WaitAsync(Patience);
        await process.DisposeAsync();
    }

    /// <summary>Returns when a member's process has ended by itself, with its exit code.</summary>
    public async Task<int> EndedAsync(string name)
    {
        ChildProcess process = _running[name];
        int code = (await process.WaitAsync(Patience)).ExitCode;
        await process.DisposeAsync();
        return code;
    }

    /// <summary>A snapshot of a member's store, which may run meanwhile; the one before is deleted.</summary>
    public void TakeSnapshot(string name)
    {
        string snapshot = _directory.File($"snapshot-{name}");
        if (Directory.Exists(snapshot))
        {
            Directory.Delete(snapshot, recursive: true);
        }

        Folders.Copy(StoreOf(name), snapshot);
    }

    /// <summary>The snapshot takes the place of the store of a member that does not run.</summary>
    public void PutBack(string name)
    {
        Directory.Delete(StoreOf(name), recursive: true);
        Folders.Copy(_directory.File($"snapshot-{name}"), StoreOf(name));
    }

    /// <summary>SIGTERM; returns when the process is gone.</summary>
    public async Task TerminateAsync(string name)
    {
        ChildProcess process = _running[name];
        process.Terminate();
        (await process.WaitAsync(Patience)).EnsureSuccess();
        await process.DisposeAsync();
    }

    public Task SuspendAsync(string name) => _running[name].SuspendAsync();

    public void Resume(string name) => _running[name].Resume();

    /// <summary>Until what is returned is disposed of nobody can read the lease or renew it. It comes back as it was, so no copy may come into sync or fall out of it meanwhile.</summary>
    public async Task<IAsyncDisposable> TakeLeaseAwayAsync()
    {
        const string spoilt = "away";
        string kept = spoilt;
        await Eventually.TrueAsync(
            async () =>
            {
                // A write that was under way may have come after it.
                string found = await File.ReadAllTextAsync(LeaseFile);
                kept = found == spoilt ? kept : found;
                await ReplaceLeaseAsync(spoilt);
                await Task.Delay(TimeSpan.FromSeconds(1));
                return await File.ReadAllTextAsync(LeaseFile) == spoilt;
            },
            "the lease is away",
            Patience);
        return new LeaseReturn(() => ReplaceLeaseAsync(kept));
    }

    /// <summary>From now on that member, and no other, finds a lease store that does not answer.</summary>
    public void KeepFromLease(string name) => SymbolicLink.Point(LeaseWayOf(name), NoLeaseFolder);

    /// <summary>That member comes to the lease again.</summary>
    public void LetToLease(string name) => SymbolicLink.Point(LeaseWayOf(name), LeaseFolder);

    /// <summary>A member that is gone holds the lease no longer, as if its time were over: for tests whose leases are so long that none ends by itself.</summary>
    /// <param name="name">Whose process has ended: it would not hear of it.</param>
    public async Task ReleaseLeaseAsync(string name)
    {
        JsonNode lease = JsonNode.Parse(await File.ReadAllTextAsync(LeaseFile))!;
        if (lease["holder"]!.GetValue<string>() == name)
        {
            lease["holder"] = string.Empty;
            lease["holderAddress"] = string.Empty;
            await ReplaceLeaseAsync(lease.ToJsonString());
        }
    }

    /// <summary>The end of what each wrote to its log.</summary>
    public string Logs() => string.Join('\n', _running.Select(static member => $"== {member.Key}\n{string.Join('\n', (member.Value.Output + member.Value.Error).Split('\n').TakeLast(40))}"));

    public async ValueTask DisposeAsync()
    {
        foreach (ChildProcess process in _running.Values)
        {
            await process.DisposeAsync();
        }

        await (_nameServer?.DisposeAsync() ?? ValueTask.CompletedTask);
        _directory.Dispose();
    }

    private async Task ReplaceLeaseAsync(string content)
    {
        string next = LeaseFile + ".by-hand";
        await File.WriteAllTextAsync(next, content);
        File.Move(next, LeaseFile, overwrite: true);
    }

    private async Task<(string Holder, int InSync)> ReadLeaseAsync()
    {
        if (!File.Exists(LeaseFile))
        {
            return (string.Empty, 0);
        }

        using JsonDocument lease = JsonDocument.Parse(await File.ReadAllTextAsync(LeaseFile));
        return (lease.RootElement.GetProperty("holder").GetString()!, lease.RootElement.GetProperty("inSync").GetArrayLength());
    }

    private sealed class LeaseReturn(Func<Task> bringBack) : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => new(bringBack());
    }
}
