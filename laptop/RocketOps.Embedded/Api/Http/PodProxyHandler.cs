using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Requests;
using RocketOps.Embedded.Api.Store;

namespace RocketOps.Embedded.Api.Http;

/// <summary>
/// <c>pods/NAME[:PORT]/proxy/PATH</c>: a GET passed on to the pod, for metrics and health. And what to do instead where pods of this machine need no server
/// between: exec, attach, port-forward, tokens.
/// </summary>
internal sealed class PodProxyHandler(ObjectStore store, CancellationToken stopping)
{
    public async Task ServeAsync(HttpContext context, RequestTarget target)
    {
        string[] parts = target.Name.Split(':');
        (string name, string port) = parts switch
        {
            [string only] => (only, string.Empty),
            [string pod, string number] => (pod, number),
            ["http", string pod, string number] => (pod, number),
            _ => throw ApiErrors.BadRequest($"invalid pod request \"{target.Name}\": NAME, NAME:PORT or http:NAME:PORT is expected"),
        };
        JsonObject found = Find(target with { Name = name });
        string address = found.At("status")?.Text("podIP") ?? throw ApiErrors.Unavailable($"pod {name} has no address yet");
        UriBuilder uri = new("http", address, Port(found, port), "/" + target.Rest) { Query = context.Request.QueryString.Value };
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        using HttpMessageInvoker http = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, UseCookies = false });
        using HttpRequestMessage request = new(HttpMethod.Get, uri.Uri);
        try
        {
            using HttpResponseMessage answer = await http.SendAsync(request, end.Token);
            context.Response.StatusCode = (int)answer.StatusCode;
            context.Response.ContentType = answer.Content.Headers.ContentType?.ToString();
            await answer.Content.CopyToAsync(context.Response.Body, end.Token);
        }
        catch (HttpRequestException failure) when (!context.Response.HasStarted)
        {
            throw ApiErrors.Unavailable($"error trying to reach service: {failure.Message}");
        }
    }

    /// <summary>Makes the refusal of a subresource that real servers have and this one has not; it tells what to do instead.</summary>
    public ApiErrorException Refusal(RequestTarget target)
    {
        if (target.Resource is { Group: "", Plural: "serviceaccounts" } && target.Subresource == "token")
        {
            return ApiErrors.NotOffered("this server makes no tokens: it has one user, whose token is in the kubeconfig (kubectl config view --raw)");
        }

        if (target.Resource is not { Group: "", Plural: "pods" })
        {
            return target.Resource.IsCustom ? ApiErrors.NotFound(target.Resource, target.Name) : ApiErrors.ResourceUnknown();
        }

        JsonObject pod = Find(target);
        string? address = pod.At("status")?.Text("podIP");
        string addresses = string.Join(", ", Ports(pod).Select(p => $"{address}:{p.Number}"));
        return ApiErrors.NotOffered(target.Subresource switch
        {
            "portforward" when address is null => $"pod {target.Name} needs no port-forward: it will listen on this machine, but has no address yet",
            "portforward" => $"pod {target.Name} needs no port-forward: it listens on this machine, connect to {addresses}",
            _ => $"this server does not offer pods/{target.Subresource}: pod {target.Name} is a process of this machine, so run the command in a terminal here. "
                + "Its output: kubectl logs; its files: the folder that rocketops up was given with --data",
        });
    }

    private JsonObject Find(RequestTarget target) =>
        store.Get(target.Resource.Collection, new ObjectName(target.Namespace, target.Name))?.ToNode() ?? throw ApiErrors.NotFound(target.Resource, target.Name);

    private static int Port(JsonObject pod, string wanted)
    {
        if (int.TryParse(wanted, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number is > 0 and <= ushort.MaxValue)
        {
            return number;
        }

        (string Name, long Number) port = Ports(pod).FirstOrDefault(p => wanted.Length == 0 || p.Name == wanted);
        return port.Number > 0 ? (int)port.Number : throw ApiErrors.BadRequest($"the pod has no port \"{wanted}\"");
    }

    private static IEnumerable<(string Name, long Number)> Ports(JsonObject pod) => (pod.At("spec")?.Items("containers") ?? []).OfType<JsonObject>()
        .SelectMany(c => c.Objects("ports"))
        .Select(p => (p.Text("name") ?? string.Empty, p.Integer("containerPort") ?? 0));
}
