using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Persistence;
using RocketOps.Broker.Replication.Master;
using RocketOps.Broker.Replication.Slave;
using RocketOps.Broker.Roles;
using RocketOps.Broker.StaticTopics;
using RocketOps.Broker.Topics;
using RocketOps.Hosting.Hosts;
using RocketOps.Protocol.Bodies;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Client;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Registration;

/// <summary>
/// Keeps every name server informed of this broker and its topics: at start, periodically, when topics change, when a connection was
/// lost, soon after a registration failed and
/// soon after a new address appears behind a name, and every few seconds while this slave has no master to follow, for the answer says
/// where that is. Names are resolved to all their addresses. One connection per name server stays open, as they forget a broker whose
/// connection closes. Source: remoting.md §3.3, §3.4.
/// </summary>
internal sealed partial class NameServerRegistrar : IAsyncDisposable
{
    /// <summary>A change of topics waits no longer than this for name servers before it is answered; the round goes on behind.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// Time after which a name server where registering failed is asked again; doubles while it goes on failing, up to
    /// <see cref="LookPeriod"/>.
    /// </summary>
    private static readonly TimeSpan FirstLook = TimeSpan.FromMilliseconds(500);

    /// <summary>Interval at which names are looked up for servers that have come: as long as cluster DNS keeps its answers.</summary>
    private static readonly TimeSpan LookPeriod = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan UnregisterTimeout = TimeSpan.FromSeconds(3);

    /// <summary>
    /// Tables from this size on are told in changes; smaller ones always whole, which name servers with
    /// deleteTopicWithBrokerRegistration=true need.
    /// </summary>
    private const int ChangesOnlyFrom = 1_000;

    private readonly BrokerSettings _settings;
    private readonly CurrentOptions<RegistrationOptions> _options;
    private readonly CurrentRole _role;
    private readonly TopicTable _topics;
    private readonly TopicQueueMappingTable _mappings;
    private readonly BrokerAddress _address;
    private readonly HaListener _ha;
    private readonly MasterAddresses _master;
    private readonly RemotingClient _client;
    private readonly HostResolver _resolver;
    private readonly TimeProvider _time;
    private readonly ILogger<NameServerRegistrar> _logger;
    private readonly CoalescingWriter _rounds;
    private readonly ConcurrentDictionary<string, bool> _registered = new(StringComparer.Ordinal);

    // What each name server has confirmed, on which connection: it forgets this broker together with that.
    private readonly ConcurrentDictionary<string, Confirmation> _confirmed = new(StringComparer.Ordinal);
    private readonly Lock _fullGate = new();
    private FullRegistration? _full;
    private ITimer? _period;
    private ITimer? _look;
    private int _looking;

    // Only the look that runs touches it.
    private int _vainLooks;
    private int _fullRoundDue;

    // Rounds never overlap; only they touch it.
    private int _unknownRounds;
    private volatile bool _stopping;

    public NameServerRegistrar(
        RegistrarOptions options,
        CurrentRole role,
        TopicTable topics,
        TopicQueueMappingTable mappings,
        BrokerAddress address,
        HaListener ha,
        MasterAddresses master,
        HostResolver resolver,
        ILoggerFactory loggers,
        TimeProvider time)
    {
        _settings = options.Broker;
        _options = options.Registration;
        _role = role;
        _topics = topics;
        _mappings = mappings;
        _address = address;
        _ha = ha;
        _master = master;
        _resolver = resolver;
        _time = time;
        _logger = loggers.CreateLogger<NameServerRegistrar>();
        _client = new RemotingClient(new RemotingClientOptions(), loggers, resolver.ResolveToConnectAsync, time: time);
        _rounds = new CoalescingWriter(RunRoundAsync);
        Standing = new RegistrationStanding(() => _settings.Current.NameServers);
    }

    /// <summary>Standing of this broker with its name servers: whether one knows it.</summary>
    public RegistrationStanding Standing { get; }

    /// <summary>Starts the first round and the period; the task ends with the first round.</summary>
    public Task StartAsync()
    {
        TimeSpan period = _options.Value.RegisterPeriod;
        _period = _time.CreateTimer(static state => ((NameServerRegistrar)state!).Trigger(), this, period, period);
        _look = _time.CreateTimer(static state => ((NameServerRegistrar)state!).Look(), this, LookPeriod, Timeout.InfiniteTimeSpan);
        Volatile.Write(ref _fullRoundDue, 1);
        return _rounds.WriteAsync();
    }

    /// <summary>
    /// Registers again because topics have changed. Of a large table only the changed topics are told to name servers that are known to
    /// have the rest.
    /// </summary>
    public Task RegisterNowAsync()
    {
        if (_stopping || _settings.Current.NameServers.Length == 0)
        {
            return Task.CompletedTask;
        }

        return WaitAWhileAsync(_rounds.WriteAsync());
    }

    /// <summary>
    /// Registers everything again because the role has changed: what name servers know of the topics is of no use to them under another
    /// id.
    /// </summary>
    public Task RegisterRoleNowAsync()
    {
        Volatile.Write(ref _fullRoundDue, 1);
        return RegisterNowAsync();
    }

    /// <summary>Tells every name server that this broker goes away.</summary>
    public async ValueTask UnregisterAsync()
    {
        _stopping = true;
        if (_period is not null && _look is not null)
        {
            await _period.DisposeAsync();
            await _look.DisposeAsync();
        }

        await Task.WhenAll(_registered.Keys.Select(UnregisterOneAsync));
    }

    public ValueTask DisposeAsync() => _client.DisposeAsync();

    private async Task WaitAWhileAsync(Task round)
    {
        try
        {
            await round.WaitAsync(LongestWait, _time);
        }
        catch (TimeoutException)
        {
            // A name server does not answer; the topic is there all the same, and the round goes on.
        }
    }

    // Rounds report what fails themselves; there is nothing to observe.
    private void Trigger()
    {
        Volatile.Write(ref _fullRoundDue, 1);
        _ = _rounds.WriteAsync();
    }

    // A look reports what fails itself; there is nothing to observe. One that hangs on a dead address is not joined by a second one.
    private void Look()
    {
        if (!_stopping && Interlocked.Exchange(ref _looking, 1) == 0)
        {
            _ = RegisterMissingAsync();
        }
    }

    /// <summary>
    /// Registers with the name servers that do not know this broker, and with all of them while this slave seeks its master. Beside the
    /// rounds, so that a topic that is made does not wait for an address that
    /// does not answer; and those that know the broker are spared.
    /// </summary>
    private async Task RegisterMissingAsync()
    {
        TimeSpan next = LookPeriod;
        try
        {
            BrokerOptions options = _settings.Current;
            bool all = SeeksMaster;
            IReadOnlyList<string> asked = [.. (await ResolveAsync(options, quiet: true)).Where(address => all || !_registered.GetValueOrDefault(address))];
            await Task.WhenAll(asked.Select(address => RegisterOneAsync(address, options, full: true)));
            _vainLooks = !all && asked.All(address => _registered.GetValueOrDefault(address)) ? 0 : _vainLooks + 1;
            next = _vainLooks == 0 ? LookPeriod : NextLook();
        }
        catch (Exception failure)
        {
            LogRoundFailed(failure);
        }
        finally
        {
            Volatile.Write(ref _looking, 0);
            LookAgainAfter(next);
        }
    }

    private bool SeeksMaster => !_role.Term.IsMaster && _master.IsSought;

    private TimeSpan NextLook() => TimeSpan.FromTicks(Math.Min(LookPeriod.Ticks, FirstLook.Ticks << Math.Min(_vainLooks, 8)));

    private void LookAgainAfter(TimeSpan delay)
    {
        if (!_stopping)
        {
            _look?.Change(delay, Timeout.InfiniteTimeSpan);
        }
    }

    private async Task RunRoundAsync()
    {
        if (_stopping)
        {
            return;
        }

        try
        {
            await RegisterEverywhereAsync();
        }
        catch (Exception failure)
        {
            // Rounds are triggered by timers and events that nobody awaits; the next one is due anyway.
            LogRoundFailed(failure);
        }
    }

    private async Task RegisterEverywhereAsync()
    {
        BrokerOptions options = _settings.Current;
        IReadOnlyList<string> addresses = await ResolveAsync(options, quiet: false);
        if (addresses.Count == 0)
        {
            RetrySoonWhenUnknown();
            return;
        }

        bool full = Interlocked.Exchange(ref _fullRoundDue, 0) != 0;
        await Task.WhenAll(addresses.Select(address => RegisterOneAsync(address, options, full)));
        foreach (string gone in _registered.Keys.Except(addresses, StringComparer.Ordinal))
        {
            _registered.TryRemove(gone, out _);
            _confirmed.TryRemove(gone, out _);
        }

        if (SeeksMaster || addresses.Any(address => !_registered.GetValueOrDefault(address)))
        {
            LookAgainAfter(FirstLook);
        }

        RetrySoonWhenUnknown();
    }

    /// <summary>
    /// A broker that no name server knows serves nobody. It is often just started together with them, so the next round does not wait for
    /// the whole period; the
    /// delay doubles, so that name servers that stay away cost nothing.
    /// </summary>
    private void RetrySoonWhenUnknown()
    {
        if (_settings.Current.NameServers.Length == 0 || _registered.Values.Contains(true))
        {
            _unknownRounds = 0;
            return;
        }

        TimeSpan delay = FirstRetry * (1 << Math.Min(_unknownRounds++, 16));
        TimeSpan period = _options.Value.RegisterPeriod;
        if (delay < period && !_stopping)
        {
            // Two timers would be one too many: the period goes on from this round.
            _period?.Change(delay, period);
        }
    }

    private async Task<IReadOnlyList<string>> ResolveAsync(BrokerOptions options, bool quiet)
    {
        HashSet<string> addresses = new(StringComparer.Ordinal);
        foreach (string nameServer in options.NameServers)
        {
            try
            {
                foreach (IPEndPoint endPoint in await _resolver.ResolveAsync(nameServer))
                {
                    addresses.Add(endPoint.ToString());
                }
            }
            catch (Exception unresolved) when (unresolved is SocketException or FormatException or IOException)
            {
                Standing.Missed($"{nameServer} has no address: {unresolved.Message}");
                if (!quiet)
                {
                    LogUnresolved(nameServer, unresolved.Message);
                }
            }
        }

        return [.. addresses];
    }

    /// <summary>A broker that may not be read or written says so in every topic.</summary>
    private static IReadOnlyDictionary<string, TopicConfig> Masked(IReadOnlyDictionary<string, TopicConfig> topics, BrokerOptions options)
    {
        if (options.IsReadable && options.IsWriteable)
        {
            return topics;
        }

        SortedDictionary<string, TopicConfig> masked = new(StringComparer.Ordinal);
        foreach ((string name, TopicConfig config) in topics)
        {
            masked[name] = config with { Perm = config.Perm & options.Permission };
        }

        return masked;
    }

    private async Task RegisterOneAsync(string nameServer, BrokerOptions options, bool full)
    {
        try
        {
            if (_stopping)
            {
                return;
            }

            RemotingConnection connection = await _client.ConnectAsync(nameServer);

            // One look at the role for the whole registration: an address of the master's under the id of a slave would take the master out of the routes.
            RoleTerm term = _role.Term;
            bool taken = (!full && await TrySendChangesAsync(nameServer, connection, options, term)) || await SendAllAsync(nameServer, connection, options, term);
            if (!taken)
            {
                _registered[nameServer] = false;
            }
            else if (!_registered.TryGetValue(nameServer, out bool known) || !known)
            {
                _registered[nameServer] = true;
                Standing.Registered(options.NameServers);
                LogRegistered(term.IsMaster ? _address.TextAsMaster : _address.Text, nameServer);
                connection.Closed.UnsafeRegister(static (state, _) => ((LostConnection)state!).Run(), new LostConnection(this, nameServer));
            }
        }
        catch (Exception failure)
        {
            // One name server must not take the round from the others.
            bool known = !_registered.TryGetValue(nameServer, out bool registered) || registered;
            _registered[nameServer] = false;
            _confirmed.TryRemove(nameServer, out _);
            Standing.Missed($"{nameServer}: {failure.Message}");
            if (known)
            {
                LogFailed(nameServer, failure.Message);
            }
        }
    }

    /// <summary>Sends what the name server does not have yet; false when it must be told everything.</summary>
    private async Task<bool> TrySendChangesAsync(string nameServer, RemotingConnection connection, BrokerOptions options, RoleTerm term)
    {
        bool worthwhile = _options.Value.EnableSingleTopicRegister || _topics.Count >= ChangesOnlyFrom;
        if (!worthwhile || !_confirmed.TryGetValue(nameServer, out Confirmation? confirmed) || !ReferenceEquals(confirmed.Connection, connection)
            || _topics.ChangesSince(confirmed.Version) is not { } changes)
        {
            return false;
        }

        // An earlier round may have told it already.
        return changes.Version == confirmed.Version
            || await SendAsync(nameServer, connection, options, term, [RegistrationBodies.WriteChanges(Told(changes.Version, EpochOf(options, term)), Masked(changes.Topics, options), _mappings.Find)], changes.Version);
    }

    private Task<bool> SendAllAsync(string nameServer, RemotingConnection connection, BrokerOptions options, RoleTerm term)
    {
        FullRegistration full = GetFull(options, term);
        return SendAsync(nameServer, connection, options, term, full.Parts, full.Version);
    }

    /// <summary>0 where people say who the master is.</summary>
    private static long EpochOf(BrokerOptions options, RoleTerm term) => options.Group is null ? 0 : term.Epoch;

    /// <summary>
    /// A name server believes the broker of the highest epoch: a master that wakes up late does not take the place of the one that was
    /// elected meanwhile. As brokers of Apache's controller mode.
    /// </summary>
    private static DataVersion Told(DataVersion version, long epoch) => epoch == 0 ? version : version with { StateVersion = epoch };

    /// <summary>Made once per version: name servers are told every few seconds, most of the time the same.</summary>
    private FullRegistration GetFull(BrokerOptions options, RoleTerm term)
    {
        lock (_fullGate)
        {
            DataVersion version = _topics.Version;
            long epoch = EpochOf(options, term);
            RegistrationOptions how = _options.Value;
            if (_full is null || _full.Version != version || _full.Epoch != epoch || !ReferenceEquals(_full.Options, options) || !ReferenceEquals(_full.How, how))
            {
                _full = new FullRegistration(
                    version, epoch, options, how, RegistrationBodies.Write(Told(version, epoch), Masked(_topics.Snapshot(), options), _mappings.Find, how));
            }

            return _full;
        }
    }

    private async Task<bool> SendAsync(string nameServer, RemotingConnection connection, BrokerOptions options, RoleTerm term, IReadOnlyList<RegistrationPart> parts, DataVersion version)
    {
        foreach (RegistrationPart part in parts)
        {
            RemotingCommand request = Identified(RequestCode.RegisterBroker, options, term)
                .Set("haServerAddr", HostSyntax.Join(options.BrokerIP2, _ha.Port))
                .Set("compressed", part.IsCompressed)
                .Set("bodyCrc32", part.Crc32)
                .Set("enableActingMaster", false);
            if (term.IsMaster && _address.FollowsMaster)
            {
                // For our name servers: not in RocketMQ.
                request.Set("addressFollowsMaster", true);
            }

            request.Body = part.Body;
            RemotingCommand answer = await connection.InvokeAsync(request, _options.Value.RegisterTimeout);
            if (answer.Code != ResponseCode.Success)
            {
                _confirmed.TryRemove(nameServer, out _);
                Standing.Missed($"{nameServer} refused with code {answer.Code}: {answer.Remark}");
                LogRefused(nameServer, answer.Code, answer.Remark);
                return false;
            }

            // Right after a change of role a name server may still hold this broker for the master.
            if (!term.IsMaster && answer.Get("masterAddr") != _address.Text)
            {
                _master.Learn(answer.Get("masterAddr"), answer.Get("haServerAddr"));
            }
        }

        _confirmed[nameServer] = new Confirmation(connection, version);
        return true;
    }

    private async Task UnregisterOneAsync(string nameServer)
    {
        try
        {
            await _client.InvokeAsync(nameServer, Identified(RequestCode.UnregisterBroker, _settings.Current, _role.Term), UnregisterTimeout);
        }
        catch (Exception failure)
        {
            // The stop goes on whatever it was: a name server that was not told forgets this broker when the connection closes.
            LogUnregisterFailed(nameServer, failure.Message);
        }
    }

    private RemotingCommand Identified(int code, BrokerOptions options, RoleTerm term) => RemotingCommand.CreateRequest(code)
        .Set("brokerName", options.BrokerName)
        .Set("brokerAddr", AddressIn(term))
        .Set("clusterName", options.ClusterName)
        .Set("brokerId", term.BrokerId);

    private string AddressIn(RoleTerm term) => term.IsMaster ? _address.TextAsMaster : _address.Text;

    private void Lost(string nameServer)
    {
        _registered[nameServer] = false;
        _confirmed.TryRemove(nameServer, out _);
        if (!_stopping)
        {
            LogLost(nameServer);
            Trigger();
        }
    }

    [LoggerMessage(EventId = 3301, Level = LogLevel.Information, Message = "Registered {Broker} with name server {NameServer}")]
    private partial void LogRegistered(string broker, string nameServer);

    [LoggerMessage(EventId = 3302, Level = LogLevel.Warning, Message = "Name server {NameServer} refused the registration with code {Code}: {Remark}")]
    private partial void LogRefused(string nameServer, int code, string? remark);

    [LoggerMessage(EventId = 3303, Level = LogLevel.Warning, Message = "Registration with name server {NameServer} failed: {Reason}; tried again until it succeeds")]
    private partial void LogFailed(string nameServer, string reason);

    [LoggerMessage(EventId = 3304, Level = LogLevel.Warning, Message = "Name server {NameServer} of namesrvAddr has no address: {Reason}")]
    private partial void LogUnresolved(string nameServer, string reason);

    [LoggerMessage(EventId = 3305, Level = LogLevel.Warning, Message = "The connection to name server {NameServer} was lost; registering again")]
    private partial void LogLost(string nameServer);

    [LoggerMessage(EventId = 3306, Level = LogLevel.Information, Message = "Name server {NameServer} could not be told of the stop: {Reason}; it forgets this broker by itself")]
    private partial void LogUnregisterFailed(string nameServer, string reason);

    [LoggerMessage(EventId = 3307, Level = LogLevel.Error, Message = "A round of registrations failed; tried again in the next round")]
    private partial void LogRoundFailed(Exception failure);

    private sealed record Confirmation(RemotingConnection Connection, DataVersion Version);

    private sealed record FullRegistration(
        DataVersion Version, long Epoch, BrokerOptions Options, RegistrationOptions How, IReadOnlyList<RegistrationPart> Parts);

    private sealed class LostConnection(NameServerRegistrar registrar, string nameServer)
    {
        public void Run() => registrar.Lost(nameServer);
    }
}

/// <summary>Options of a registration.</summary>
internal sealed record RegistrarOptions(BrokerSettings Broker, CurrentOptions<RegistrationOptions> Registration);
