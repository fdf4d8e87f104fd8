using System.Net;
using System.Text.Json.Nodes;

namespace RocketOps.Broker.Failover.Kubernetes;

/// <summary>An answer of the API server that its caller has to judge.</summary>
/// <param name="Code">Success, 404, 409 or 422; everything else is thrown.</param>
/// <param name="Body">An object, or a Status; empty when the answer had none.</param>
internal sealed record KubernetesAnswer(HttpStatusCode Code, JsonObject Body)
{
    public bool IsSuccess => (int)Code is >= 200 and < 300;

    /// <summary>Nothing has happened, and nothing will.</summary>
    public bool IsRefusal => IsRefusalCode(Code);

    /// <summary>Message of the server about its refusal; the name of the code when it says nothing.</summary>
    public string Message => JsonFields.Text(Body, "message") ?? Code.ToString();

    /// <summary>
    /// Tells whether a code means a refusal. When a server fails, or gives up waiting, nobody knows whether the request was done.
    /// </summary>
    public static bool IsRefusalCode(HttpStatusCode code) => (int)code is >= 400 and < 500 && code != HttpStatusCode.RequestTimeout;
}
