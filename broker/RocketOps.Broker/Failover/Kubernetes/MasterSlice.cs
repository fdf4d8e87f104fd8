using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using RocketOps.Broker.Failover.Leases;
using RocketOps.Election.Leases;
using RocketOps.Kubernetes.Client.Transport;
using RocketOps.Kubernetes.Dynamic;
using RocketOps.Kubernetes.Entities;

namespace RocketOps.Broker.Failover.Kubernetes;

/// <summary>
/// Puts this member's address into the EndpointSlice of the group's master Service when it begins to lead, and looks after it as long as it does: clients keep one address, whoever leads. The slice says in which
/// epoch of which group it was written; together with compare-and-swap an older master, however late it wakes up, cannot take it back. Epochs of two groups say nothing of each other: the slice outlives its group, and one
/// that is founded anew begins at 1. So where the slice names another group or none, as one of an older version does, the Lease decides, read after the slice and before the write: whoever holds it then and writes leads,
/// and whoever takes it afterwards writes afterwards. While nobody leads, as the master's process has ended, a member that follows may stand in: it leads nobody and keeps the epoch, so that any master replaces it. The slice itself is the
/// operator's: nothing is made or removed here. Thread-safe.
/// </summary>
internal sealed partial class MasterSlice : IMasterAnnouncement, IAsyncDisposable
{
    public const string Epoch = "rocketops.io/epoch";

    /// <summary>Same annotation as on the Lease.</summary>
    public const string GroupId = LeaseManifest.GroupId;

    /// <summary>Between looks at a slice that was right: somebody may have edited or deleted it.</summary>
    private static readonly TimeSpan LookPeriod = TimeSpan.FromSeconds(10);

    private readonly NamedObject _slice;
    private readonly KubernetesLeaseStore _leases;
    private readonly string _namespace;
    private readonly string _name;
    private readonly string _member;
    private readonly string _address;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private CancellationTokenSource? _leading;
    private Task _looking = Task.CompletedTask;

    /// <param name="client">Reaches the server; not owned.</param>
    /// <param name="leases">The group's Lease; not owned.</param>
    /// <param name="ns">Namespace of the slice.</param>
    /// <param name="name">Of the slice.</param>
    /// <param name="member">This member, which is its pod's name.</param>
    /// <param name="address">The pod's address.</param>
    /// <param name="time">Measures waiting.</param>
    /// <param name="logger">Told of what becomes of the slice.</param>
    public MasterSlice(KubernetesClient client, KubernetesLeaseStore leases, string ns, string name, string member, string address, TimeProvider time, ILogger logger)
    {
        _slice = new NamedObject(client, GroupObjects.EndpointSlice, ns, name);
        _leases = leases;
        _namespace = ns;
        _name = name;
        _member = member;
        _address = address;
        _time = time;
        _logger = logger;
    }

    public async Task OnLeadingAsync(long epoch, CancellationToken cancellationToken)
    {
        await StopLookingAsync();

        // The member has just written the Lease, so that there is mostly nothing to ask.
        LeaseRecord lease = _leases.LastSeen is { } last && IsHeld(last, epoch) ? last : await ReadLeaseAsync(cancellationToken);
        if (!IsHeld(lease, epoch))
        {
            LogNotHeld(_namespace, _name, epoch);
            return;
        }

        if (await WriteAsync(lease.GroupId, epoch, cancellationToken))
        {
            StartLooking(lease.GroupId, epoch);
        }
    }

    public async Task OnStandingInAsync(long epoch, CancellationToken cancellationToken)
    {
        string? group = _leases.LastSeen is { GroupId.Length: > 0 } lease && lease.Epoch == epoch ? lease.GroupId : null;
        while (true)
        {
            KubernetesObject slice = await ReadAsync(cancellationToken);
            if (EpochOf(slice) != epoch || GroupOf(slice) != group || LeadsHere(slice))
            {
                return;
            }

            if (await TryPutAsync(JsonObject.Create(slice.Json)!, cancellationToken))
            {
                LogStandsIn(_namespace, _name, _member, _address, epoch);
                return;
            }
        }
    }

    /// <summary>
    /// Stops looking. What is in the slice stays: whoever leads next replaces it, and until then nobody takes messages anyway.
    /// </summary>
    public Task OnStoppedAsync(long epoch, CancellationToken cancellationToken) => StopLookingAsync();

    public async ValueTask DisposeAsync() => await StopLookingAsync();

    /// <summary>False when it is another master's.</summary>
    /// <exception cref="KubernetesApiException">It could not be written now.</exception>
    private async Task<bool> WriteAsync(string group, long epoch, CancellationToken cancellationToken)
    {
        while (true)
        {
            KubernetesObject slice = await ReadAsync(cancellationToken);
            long written = EpochOf(slice);
            string writer = GroupOf(slice);
            if (written == epoch && writer == group && LeadsHere(slice))
            {
                return true;
            }

            if (writer == group && group.Length > 0)
            {
                if (written > epoch)
                {
                    LogLaterMaster(_namespace, _name, written, epoch);
                    return false;
                }
            }
            else if (!IsHeld(await ReadLeaseAsync(cancellationToken), epoch))
            {
                LogNotHeld(_namespace, _name, epoch);
                return false;
            }

            JsonObject led = JsonObject.Create(slice.Json)!;
            JsonObject annotations = led.Ensure("metadata").Ensure("annotations");
            annotations[Epoch] = epoch.ToString(CultureInfo.InvariantCulture);
            annotations.Set(GroupId, group.Length == 0 ? null : group);
            if (await TryPutAsync(led, cancellationToken))
            {
                LogWritten(_namespace, _name, _member, _address, epoch);
                return true;
            }
        }
    }

    private async Task<KubernetesObject> ReadAsync(CancellationToken cancellationToken) =>
        await _slice.ReadAsync(cancellationToken)
        ?? throw new KubernetesApiException($"EndpointSlice {_namespace}/{_name}, through which clients reach this group's master, is not there: the operator makes it.");

    /// <summary>Has the slice lead to this member. False when somebody has written or deleted it since it was read.</summary>
    private async Task<bool> TryPutAsync(JsonObject slice, CancellationToken cancellationToken)
    {
        slice["endpoints"] = Endpoints();
        slice.Ensure("metadata").Remove("managedFields");
        return await _slice.TryReplaceAsync(slice, cancellationToken) is not null;
    }

    private bool LeadsHere(KubernetesObject slice) => JsonNode.DeepEquals(slice.Json.Field("endpoints").ToNode(), Endpoints());

    // By its constructor: a collection expression would call Add<T>, which native compilation cannot prove.
    private JsonArray Endpoints() =>
        new(new JsonObject
        {
            ["addresses"] = new JsonArray(_address),
            ["conditions"] = new JsonObject { ["ready"] = true },
            ["targetRef"] = new JsonObject { ["kind"] = "Pod", ["namespace"] = _namespace, ["name"] = _member },
        });

    private bool IsHeld(LeaseRecord lease, long epoch) => lease.Epoch == epoch && lease.Holder == _member;

    /// <exception cref="KubernetesApiException">It cannot be read, or is not there: its holder makes it again, in an epoch of its own.</exception>
    private async Task<LeaseRecord> ReadLeaseAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await _leases.ReadAsync(cancellationToken))?.Record
                ?? throw new KubernetesApiException($"whether EndpointSlice {_namespace}/{_name} is to lead to this member is not known: the group's Lease is not there.");
        }
        catch (LeaseStoreException failure)
        {
            throw new KubernetesApiException(failure.Message, failure);
        }
    }

    private static string GroupOf(KubernetesObject slice) => slice.Annotation(GroupId) ?? string.Empty;

    /// <summary>Returns the epoch of a slice; 0 for what is no epoch: that is somebody's edit, and no later master.</summary>
    private static long EpochOf(KubernetesObject slice) =>
        long.TryParse(slice.Annotation(Epoch), NumberStyles.None, CultureInfo.InvariantCulture, out long epoch) ? epoch : 0;

    private void StartLooking(string group, long epoch)
    {
        lock (_gate)
        {
            _leading = new CancellationTokenSource();
            _looking = KeepPeriodicallyAsync(group, epoch, _leading.Token);
        }
    }

    private async Task StopLookingAsync()
    {
        CancellationTokenSource? leading;
        Task looking;
        lock (_gate)
        {
            (leading, _leading) = (_leading, null);
            looking = _looking;
        }

        if (leading is not null)
        {
            await leading.CancelAsync();
            await looking;
            leading.Dispose();
        }
    }

    private async Task KeepPeriodicallyAsync(string group, long epoch, CancellationToken cancellationToken)
    {
        try
        {
            do
            {
                await Task.Delay(LookPeriod, _time, cancellationToken);
            }
            while (await KeepAsync(group, epoch, cancellationToken));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // It leads no more.
        }
    }

    private async Task<bool> KeepAsync(string group, long epoch, CancellationToken cancellationToken)
    {
        try
        {
            return await WriteAsync(group, epoch, cancellationToken);
        }
        catch (KubernetesApiException failure)
        {
            LogNotKept(failure.Message);
            return true;
        }
    }

    [LoggerMessage(EventId = 3752, Level = LogLevel.Information, Message = "EndpointSlice {Namespace}/{Name} leads to this member, {Member} at {Address}, in epoch {Epoch}")]
    private partial void LogWritten(string @namespace, string name, string member, string address, long epoch);

    [LoggerMessage(EventId = 3756, Level = LogLevel.Information, Message = "EndpointSlice {Namespace}/{Name} leads to {Member} at {Address}, as the master of epoch {Epoch} is not there any more: what clients ask waits here until somebody leads")]
    private partial void LogStandsIn(string @namespace, string name, string member, string address, long epoch);

    [LoggerMessage(EventId = 3753, Level = LogLevel.Warning, Message = "EndpointSlice {Namespace}/{Name} is of epoch {Written} already, this member led in epoch {Epoch}: it is left as it is")]
    private partial void LogLaterMaster(string @namespace, string name, long written, long epoch);

    [LoggerMessage(EventId = 3754, Level = LogLevel.Warning, Message = "Whether clients still reach this master could not be looked at: {Reason}")]
    private partial void LogNotKept(string reason);

    [LoggerMessage(EventId = 3755, Level = LogLevel.Warning, Message = "EndpointSlice {Namespace}/{Name} is left as it is: this member led in epoch {Epoch}, and the group's Lease is not its own in that epoch any more")]
    private partial void LogNotHeld(string @namespace, string name, long epoch);
}
