using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using RocketOps.Broker.Replication.Leases;

namespace RocketOps.Broker.Replication.Kubernetes;

/// <summary>
/// Puts this member's address into the EndpointSlice of the group's master Service when it begins to lead, and looks after it as long as it does: clients keep one address, whoever leads. The slice says in which
/// epoch it was written; together with compare-and-swap an older master, however late it wakes up, cannot take it back. The slice itself is the operator's: nothing is made or removed here. Thread-safe.
/// </summary>
internal sealed partial class MasterSlice : IMasterAnnouncement, IAsyncDisposable
{
    public const string Epoch = "rocketops.io/epoch";

    /// <summary>Between looks at a slice that was right: somebody may have edited or deleted it.</summary>
    private static readonly TimeSpan LookPeriod = TimeSpan.FromSeconds(10);

    private readonly KubernetesApi _api;
    private readonly string _namespace;
    private readonly string _name;
    private readonly string _member;
    private readonly string _address;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly string _path;
    private readonly Lock _gate = new();
    private CancellationTokenSource? _leading;
    private Task _looking = Task.CompletedTask;

    /// <param name="api">Reaches the server; not owned.</param>
    /// <param name="ns">Namespace of the slice.</param>
    /// <param name="name">Of the slice.</param>
    /// <param name="member">This member, which is its pod's name.</param>
    /// <param name="address">The pod's address.</param>
    /// <param name="time">Measures waiting.</param>
    /// <param name="logger">Told of what becomes of the slice.</param>
    public MasterSlice(KubernetesApi api, string ns, string name, string member, string address, TimeProvider time, ILogger logger)
    {
        _api = api;
        _namespace = ns;
        _name = name;
        _member = member;
        _address = address;
        _time = time;
        _logger = logger;
        _path = $"apis/discovery.k8s.io/v1/namespaces/{Uri.EscapeDataString(ns)}/endpointslices/{Uri.EscapeDataString(name)}";
    }

    public async Task OnLeadingAsync(long epoch, CancellationToken cancellationToken)
    {
        await StopLookingAsync();
        if (await WriteAsync(epoch, cancellationToken))
        {
            StartLooking(epoch);
        }
    }

    /// <summary>What is in the slice stays: whoever leads next replaces it, and until then nobody takes messages anyway.</summary>
    public Task OnStoppedAsync(long epoch, CancellationToken cancellationToken) => StopLookingAsync();

    public async ValueTask DisposeAsync() => await StopLookingAsync();

    /// <summary>False when a later master has written it.</summary>
    /// <exception cref="KubernetesApiException">It could not be written now.</exception>
    private async Task<bool> WriteAsync(long epoch, CancellationToken cancellationToken)
    {
        while (true)
        {
            KubernetesAnswer read = await _api.GetAsync(_path, cancellationToken);
            if (!read.IsSuccess)
            {
                throw new KubernetesApiException($"EndpointSlice {_namespace}/{_name}, through which clients reach this group's master, is not there: the operator makes it. {read.Message}");
            }

            JsonObject slice = read.Body;
            long written = EpochOf(slice);
            if (written > epoch)
            {
                LogLaterMaster(_namespace, _name, written, epoch);
                return false;
            }

            JsonArray endpoints = Endpoints();
            if (written == epoch && JsonNode.DeepEquals(slice["endpoints"], endpoints))
            {
                return true;
            }

            slice["endpoints"] = endpoints;
            JsonObject metadata = JsonFields.Ensure(slice, "metadata");
            metadata.Remove("managedFields");
            JsonFields.Ensure(metadata, "annotations")[Epoch] = epoch.ToString(CultureInfo.InvariantCulture);
            KubernetesAnswer wrote = await _api.PutAsync(_path, slice, cancellationToken);
            if (wrote.IsSuccess)
            {
                LogWritten(_namespace, _name, _member, _address, epoch);
                return true;
            }

            if (wrote.Code != HttpStatusCode.Conflict)
            {
                throw new KubernetesApiException($"The API server does not take EndpointSlice {_namespace}/{_name}: {wrote.Message}");
            }
        }
    }

    private JsonArray Endpoints() =>
    [
        new JsonObject
        {
            ["addresses"] = new JsonArray(_address),
            ["conditions"] = new JsonObject { ["ready"] = true },
            ["targetRef"] = new JsonObject { ["kind"] = "Pod", ["namespace"] = _namespace, ["name"] = _member },
        },
    ];

    /// <summary>What is no epoch is somebody's edit, and no later master.</summary>
    private static long EpochOf(JsonObject slice) =>
        long.TryParse(JsonFields.Text(JsonFields.Object(JsonFields.Object(slice, "metadata"), "annotations"), Epoch), NumberStyles.None, CultureInfo.InvariantCulture, out long epoch) ? epoch : 0;

    private void StartLooking(long epoch)
    {
        lock (_gate)
        {
            _leading = new CancellationTokenSource();
            _looking = LookAsync(epoch, _leading.Token);
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

    private async Task LookAsync(long epoch, CancellationToken cancellationToken)
    {
        try
        {
            do
            {
                await Task.Delay(LookPeriod, _time, cancellationToken);
            }
            while (await KeepAsync(epoch, cancellationToken));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // It leads no more.
        }
    }

    private async Task<bool> KeepAsync(long epoch, CancellationToken cancellationToken)
    {
        try
        {
            return await WriteAsync(epoch, cancellationToken);
        }
        catch (KubernetesApiException failure)
        {
            LogNotKept(failure.Message);
            return true;
        }
    }

    [LoggerMessage(EventId = 3752, Level = LogLevel.Information, Message = "EndpointSlice {Namespace}/{Name} leads to this member, {Member} at {Address}, in epoch {Epoch}")]
    private partial void LogWritten(string @namespace, string name, string member, string address, long epoch);

    [LoggerMessage(EventId = 3753, Level = LogLevel.Warning, Message = "EndpointSlice {Namespace}/{Name} is of epoch {Written} already, this member led in epoch {Epoch}: it is left as it is")]
    private partial void LogLaterMaster(string @namespace, string name, long written, long epoch);

    [LoggerMessage(EventId = 3754, Level = LogLevel.Warning, Message = "Whether clients still reach this master could not be looked at: {Reason}")]
    private partial void LogNotKept(string reason);
}
