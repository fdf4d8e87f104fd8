using System.Net;
using System.Security.Authentication;
using System.Text.Json.Nodes;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Client.Transport;
using RocketOps.Kubernetes.Dynamic;
using RocketOps.Kubernetes.Entities;

namespace RocketOps.Broker.Failover.Kubernetes;

/// <summary>
/// One object of the API server, which this broker reads, replaces and watches by its name. It is kept as JSON: what this version does not know goes back
/// unchanged. Failures are told with what to do. Thread-safe.
/// </summary>
internal sealed class NamedObject
{
    private const string Version = "metadata.resourceVersion";

    private readonly IKubernetesClient _client;
    private readonly string _namespace;
    private readonly string _name;
    private readonly string _place;

    /// <param name="client">Reaches the server; not owned.</param>
    /// <param name="kind">Of the object.</param>
    /// <param name="ns">Its namespace.</param>
    /// <param name="name">Its name.</param>
    public NamedObject(KubernetesClient client, KubernetesType<KubernetesObject> kind, string ns, string name)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(kind);
        _client = client.For(kind);
        _namespace = ns;
        _name = name;
        _place = $"{kind.Kind} {ns}/{name} at {client.BaseAddress}";
    }

    /// <summary>The newest there is, not what a cache has; null when there is none.</summary>
    /// <exception cref="KubernetesApiException">It cannot be read now.</exception>
    public async Task<KubernetesObject?> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _client.GetAsync<KubernetesObject>(_name, _namespace, cancellationToken);
        }
        catch (Exception failure) when (IsOfServer(failure))
        {
            throw Told("read", failure);
        }
    }

    /// <summary>Replaces the object of the version that the content names; makes it when the content names none and there is none.</summary>
    /// <returns>The object as it is now; null when it has another version, is there already, or is gone.</returns>
    /// <exception cref="KubernetesApiException">It was not taken, or nobody knows.</exception>
    public async Task<KubernetesObject?> TryReplaceAsync(JsonObject content, CancellationToken cancellationToken)
    {
        try
        {
            return await _client.ReplaceAsync(new KubernetesObject(content), cancellationToken: cancellationToken);
        }
        catch (KubernetesException refused) when (refused.Code is HttpStatusCode.Conflict or HttpStatusCode.NotFound || NamesVersion(refused))
        {
            return null;
        }
        catch (Exception failure) when (IsOfServer(failure))
        {
            throw Told("write", failure);
        }
    }

    /// <summary>Reads what becomes of the object until the server ends the watch.</summary>
    /// <param name="seenVersion">Changes after it; null begins with what there is.</param>
    /// <param name="patience">Time after which the server ends it, in whole seconds.</param>
    /// <param name="seen">Shown the object after each change; null when it was deleted. What it throws ends the watch.</param>
    /// <param name="cancellationToken">Ends the watch.</param>
    /// <exception cref="KubernetesApiException">The watch was refused, ended with an error, or broke off.</exception>
    public async Task WatchAsync(string? seenVersion, TimeSpan patience, Action<KubernetesObject?> seen, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(seen);
        WatchOptions options = new() { Namespace = _namespace, FieldSelector = $"metadata.name={_name}", ResourceVersion = seenVersion, Timeout = patience, AllowBookmarks = false };
        await using IAsyncEnumerator<WatchEvent<KubernetesObject>> events = _client.WatchAsync<KubernetesObject>(options, cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (await NextAsync(events) is { } change)
        {
            switch (change.Type)
            {
                case WatchEventType.Added or WatchEventType.Modified:
                    seen(change.Object ?? throw new KubernetesApiException($"The API server shows {_place} in a form that cannot be read: {change.Unreadable?.Reason}"));
                    break;
                case WatchEventType.Deleted:
                    seen(null);
                    break;
            }
        }
    }

    private async Task<WatchEvent<KubernetesObject>?> NextAsync(IAsyncEnumerator<WatchEvent<KubernetesObject>> events)
    {
        try
        {
            return await events.MoveNextAsync() ? events.Current : null;
        }
        catch (Exception failure) when (IsOfServer(failure))
        {
            throw Told("watch", failure);
        }
    }

    private static bool IsOfServer(Exception failure) => failure is KubernetesException or HttpRequestException or IOException or TimeoutException or InvalidDataException;

    /// <summary>Tells whether a refusal is about the missing version: the object exists.</summary>
    private static bool NamesVersion(KubernetesException refused) =>
        refused.IsInvalid && refused.Status.Details?.Causes?.Exists(static cause => cause.Field == Version) == true;

    private KubernetesApiException Told(string verb, Exception failure)
    {
        if (failure is not KubernetesException refused)
        {
            return new KubernetesApiException($"To {verb} {_place} failed: {(failure.InnerException as AuthenticationException ?? failure).Message}", failure);
        }

        string message = refused.Status.Message ?? refused.Reason;
        return new KubernetesApiException(
            refused.Code switch
            {
                HttpStatusCode.Unauthorized => $"The API server does not know this pod's service account (to {verb} {_place}): its token has ended or is another cluster's. {message}",
                HttpStatusCode.Forbidden =>
                    $"The service account of this pod may not {verb} {_place}. The operator gives the right by the Role of the group; look at that, and at its RoleBinding. {message}",
                _ => $"The API server refused to {verb} {_place} with {(int)refused.Code}. {message}",
            },
            failure)
        {
            // When a server fails, or gives up waiting, nobody knows whether the request was done.
            IsRefusal = (int)refused.Code is >= 400 and < 500 && refused.Code != HttpStatusCode.RequestTimeout,
        };
    }
}

/// <summary>The API server did not answer, refused, or answered what is no answer: the text says what to do. Whether a write happened is unknown, unless <see cref="IsRefusal"/>.</summary>
internal sealed class KubernetesApiException(string message, Exception? reason = null) : Exception(message, reason)
{
    /// <summary>The server has said no: nothing has happened, and nothing will.</summary>
    public bool IsRefusal { get; init; }
}
