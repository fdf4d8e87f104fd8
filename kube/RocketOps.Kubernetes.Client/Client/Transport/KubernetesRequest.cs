namespace RocketOps.Kubernetes.Client.Transport;

/// <summary>A request as data, so that it can be sent again.</summary>
/// <param name="Method">The verb.</param>
/// <param name="PathAndQuery">Without a leading slash.</param>
internal sealed record KubernetesRequest(HttpMethod Method, string PathAndQuery)
{
    public ReadOnlyMemory<byte> Body { get; init; }

    public string? ContentType { get; init; }

    public string Accept { get; init; } = KubernetesMediaTypes.Json;

    /// <summary>Doing it twice is the same as doing it once: it may be repeated when nobody knows whether it arrived.</summary>
    public bool Repeatable { get; init; }

    /// <summary>429 means "later", not "no".</summary>
    public bool RepeatWhenThrottled { get; init; } = true;

    /// <summary>The answer goes on for minutes: no deadline, no compression.</summary>
    public bool IsStream { get; init; }

    /// <summary>Verb as Kubernetes calls it, but for lists, which are a get here.</summary>
    public string Verb => IsStream ? "watch" : Method.Method switch
    {
        "POST" => "create",
        "PUT" => "update",
        "PATCH" => "patch",
        "DELETE" => "delete",
        _ => "get",
    };
}
