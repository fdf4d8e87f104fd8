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

    /// <summary>What the server says of its refusal.</summary>
    public string Message => JsonFields.Text(Body, "message") ?? Code.ToString();

    /// <summary>Of what a server that fails, or that gives up waiting, answers nobody knows whether it was done.</summary>
    public static bool IsRefusalCode(HttpStatusCode code) => (int)code is >= 400 and < 500 && code != HttpStatusCode.RequestTimeout;
}
