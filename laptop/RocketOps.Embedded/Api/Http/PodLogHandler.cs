using System.Globalization;
using Microsoft.AspNetCore.Http;
using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Requests;
using RocketOps.Embedded.Api.Store;
using RocketOps.Embedded.Kubelet.Objects;
using RocketOps.Kubernetes.Dynamic;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Embedded.Api.Http;

/// <summary><c>pods/log</c>: raw bytes from the kubelet, headers first (reference: embedded-api.md §15.2).</summary>
internal sealed class PodLogHandler(ObjectStore store, EmbeddedApiOptions settings, CancellationToken stopping)
{
    public async Task ServeAsync(HttpContext context, RequestTarget target)
    {
        StoredObject pod = store.Get(target.Resource.Collection, new ObjectName(target.Namespace, target.Name)) ?? throw ApiErrors.NotFound(target.Resource, target.Name);
        IQueryCollection query = context.Request.Query;
        PodSpec spec = new KubernetesObject(pod.Json).PodSpec();
        string[] containers = [.. (spec.Containers ?? []).Concat(spec.InitContainers ?? []).Select(static known => known.Name)];
        string container = query["container"].ToString();
        if (container.Length == 0)
        {
            container = containers.Length == 1
                ? containers[0]
                : throw ApiErrors.BadRequest($"a container name must be specified for pod {target.Name}, choose one of: [{string.Join(' ', containers)}]");
        }
        else if (!containers.Contains(container))
        {
            throw ApiErrors.BadRequest($"container {container} is not valid for pod {target.Name}");
        }

        if (settings.PodLogs is not { } source)
        {
            throw ApiErrors.BadRequest($"container \"{container}\" in pod \"{target.Name}\" has no log: no kubelet runs behind this server");
        }

        PodLogRequest request = new()
        {
            Namespace = target.Namespace,
            Pod = target.Name,
            Container = container,
            Follow = Flag(query["follow"]),
            Previous = Flag(query["previous"]),
            Timestamps = Flag(query["timestamps"]),
            TailLines = Number(query["tailLines"].ToString(), "tailLines"),
            LimitBytes = Number(query["limitBytes"].ToString(), "limitBytes"),
            Since = Since(query),
        };
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        context.Response.StatusCode = 200;
        context.Response.ContentType = "text/plain";
        try
        {
            // The first byte starts the response; a log that cannot be read says so with a Status instead.
            await source.WriteLogAsync(request, context.Response.Body, end.Token);
        }
        catch (PodLogUnavailableException e) when (!context.Response.HasStarted)
        {
            throw ApiErrors.BadRequest(e.Message);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The reader left or the server stops.
        }
    }

    private DateTimeOffset? Since(IQueryCollection query) => (Number(query["sinceSeconds"].ToString(), "sinceSeconds"), query["sinceTime"].ToString()) switch
    {
        ({ } seconds, _) => settings.TimeProvider.GetUtcNow().AddSeconds(-seconds),
        (_, "") => null,
        (_, var text) => DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
            ? time
            : throw ApiErrors.BadRequest($"parsing time \"{text}\" as RFC 3339"),
    };

    private static bool Flag(string? text) => text is "true" or "1";

    private static long? Number(string text, string name) =>
        text.Length == 0 ? null
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value) ? value
        : throw ApiErrors.BadRequest($"{name}: strconv.ParseInt: parsing \"{text}\": invalid syntax");
}
