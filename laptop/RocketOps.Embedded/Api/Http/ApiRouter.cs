using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using RocketOps.Embedded.Api.Discovery;
using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Requests;
using RocketOps.Embedded.Api.Resources;

namespace RocketOps.Embedded.Api.Http;

/// <summary>The edge: authentication, discovery, and which handler serves a resource request. The one place that turns failures into answers.</summary>
internal sealed partial class ApiRouter(
    ServerIdentity identity,
    ResourceRegistry registry,
    DiscoveryDocuments discovery,
    OpenApiDocuments openApi,
    ListHandler lists,
    WatchHandler watches,
    WriteHandler writes,
    PodHandlers pods,
    EmbeddedApiOptions settings,
    ILogger logger)
{
    /// <summary>Replaceable at any time; see <c>EmbeddedApiServer.Interceptor</c>.</summary>
    public Func<ApiCall, HttpContext, Func<Task>, Task>? Interceptor { get; set; }

    public async Task HandleAsync(HttpContext context)
    {
        try
        {
            await DispatchAsync(context);
        }
        catch (ApiErrorException e) when (!context.Response.HasStarted)
        {
            await Responses.WriteErrorAsync(context, e);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client left.
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            Log.RequestFailed(logger, e, context.Request.Method, context.Request.Path);
            await Responses.WriteErrorAsync(context, ApiErrors.Internal($"Internal error occurred: {e.Message}"));
        }
        catch (Exception e)
        {
            Log.RequestFailed(logger, e, context.Request.Method, context.Request.Path);
            context.Abort();
        }
    }

    private async Task DispatchAsync(HttpContext context)
    {
        HttpRequest request = context.Request;
        string path = request.Path.Value ?? "/";
        if (path is "/healthz" or "/livez" or "/readyz")
        {
            await Responses.WriteTextAsync(context, 200, "ok");
            return;
        }

        // No browser has business here: a page that can reach the port must not become admin.
        if (!identity.Accepts(request) || request.Headers.Origin.Count > 0)
        {
            throw ApiErrors.Unauthorized();
        }

        if (IsDiscovery(context, path, out Task? discovered))
        {
            await discovered;
            return;
        }

        if (PathParser.Parse(path, registry) is not { } target)
        {
            await Responses.PageNotFoundAsync(context);
            return;
        }

        string verb = Verb(context.Request, target);
        ApiCall call = new(verb, target.Resource.Group, target.Resource.Plural, target.Subresource, target.Namespace, target.Name);
        await (Interceptor?.Invoke(call, context, () => ServeAsync(context, target, verb)) ?? ServeAsync(context, target, verb));
    }

    private bool IsDiscovery(HttpContext context, string path, [NotNullWhen(true)] out Task? serving) => (serving = path.Split('/', StringSplitOptions.RemoveEmptyEntries) switch
    {
        ["version"] => Responses.WriteAsync(context, 200, discovery.Version()),
        ["api" or "apis"] when Aggregated(context.Request) => WriteAggregatedAsync(context, isCore: path.TrimEnd('/') == "/api"),
        ["api"] => Responses.WriteAsync(context, 200, DiscoveryDocuments.CoreVersions(context.Request.Host.Value ?? string.Empty)),
        ["apis"] => Responses.WriteAsync(context, 200, discovery.Groups()),
        ["api", var version] => WriteOrNotFoundAsync(context, discovery.Resources(string.Empty, version)),
        ["apis", var group] => WriteOrNotFoundAsync(context, discovery.Group(group)),
        ["apis", var group, var version] => WriteOrNotFoundAsync(context, discovery.Resources(group, version)),
        ["openapi", "v2"] when context.Request.Headers.Accept.ToString().Contains("protobuf", StringComparison.Ordinal) =>
            Responses.WriteBytesAsync(context, OpenApiV2Document.Protobuf, OpenApiV2Document.ProtobufContentType),
        ["openapi", "v2"] => Responses.WriteAsync(context, 200, OpenApiV2Document.Json()),
        ["openapi", "v3"] => Responses.WriteAsync(context, 200, openApi.Root()),
        ["openapi", "v3", "api", var version] when registry.HasGroupVersion(string.Empty, version) => WriteOpenApiAsync(context, string.Empty, version),
        ["openapi", "v3", "apis", var group, var version] when registry.HasGroupVersion(group, version) => WriteOpenApiAsync(context, group, version),
        ["openapi", ..] => Responses.PageNotFoundAsync(context),
        _ => null,
    }) is not null;

    /// <summary>Clients tell the two forms of discovery apart by the content type alone.</summary>
    private Task WriteAggregatedAsync(HttpContext context, bool isCore) => IsKnown(context, discovery.ETag)
        ? Task.CompletedTask
        : Responses.WriteAsync(context, 200, discovery.Aggregated(isCore).ToUtf8(), contentType: DiscoveryDocuments.AggregatedContentType);

    /// <summary>Tells whether the client has this already; the status of the answer says so too.</summary>
    private static bool IsKnown(HttpContext context, string tag)
    {
        context.Response.Headers.ETag = tag;
        context.Response.Headers.Vary = "Accept";
        bool isKnown = context.Request.Headers.IfNoneMatch.ToString() == tag;
        context.Response.StatusCode = isKnown ? 304 : 200;
        return isKnown;
    }

    private async Task WriteOpenApiAsync(HttpContext context, string group, string version)
    {
        (byte[] document, string hash) = openApi.Document(group, version);
        if (IsKnown(context, $"\"{hash}\""))
        {
            return;
        }

        // Clients keep a document for ever under its hash; an old hash is sent to the new one.
        string asked = context.Request.Query["hash"].ToString();
        if (asked.Length > 0 && asked != hash)
        {
            context.Response.StatusCode = 301;
            context.Response.Headers.Location = $"{context.Request.Path}?hash={hash}";
            return;
        }

        if (asked.Length > 0)
        {
            context.Response.Headers.CacheControl = "public, immutable";
        }

        await Responses.WriteAsync(context, 200, document);
    }

    private static Task WriteOrNotFoundAsync(HttpContext context, System.Text.Json.Nodes.JsonObject? document) =>
        document is null ? Responses.PageNotFoundAsync(context) : Responses.WriteAsync(context, 200, document);

    private static bool Aggregated(HttpRequest request)
    {
        string accept = request.Headers.Accept.ToString();
        return accept.Contains("as=APIGroupDiscoveryList", StringComparison.Ordinal) && accept.Contains("v=v2;", StringComparison.Ordinal)
            || accept.Contains("v=v2,", StringComparison.Ordinal);
    }

    private async Task ServeAsync(HttpContext context, RequestTarget target, string verb)
    {
        Task? reading = (verb, target.Subresource) switch
        {
            ("get", "log") => pods.Logs.ServeAsync(context, target),
            ("get", "proxy") => pods.Proxy.ServeAsync(context, target),
            ("get", "scale") => writes.GetScaleAsync(context, target),
            ("get", _) => lists.GetAsync(context, target),
            ("list", _) => lists.ListAsync(context, target, ListOptions.Read(context.Request, target.Resource, target.WatchPath)),
            ("watch", _) => watches.WatchAsync(context, target, ListOptions.Read(context.Request, target.Resource, target.WatchPath)),
            _ => null,
        };
        if (reading is not null)
        {
            await reading;
            return;
        }

        byte[] body = await RequestBody.ReadAsync(context, settings.MaxBodyBytes);
        await (verb switch
        {
            "create" when target.Subresource == "eviction" => pods.Evictions.EvictAsync(context, target, body),
            "create" when target.Resource.Rules.IsReview => WriteHandler.ReviewAsync(context, target, body),
            "create" => writes.CreateAsync(context, target, body),
            "update" => writes.ReplaceAsync(context, target, body),
            "patch" => writes.PatchAsync(context, target, body),
            "delete" => writes.DeleteAsync(context, target, body),
            _ => writes.DeleteCollectionAsync(context, target, body),
        });
    }

    /// <summary>The verb of a request, after checking that the resource has it.</summary>
    private string Verb(HttpRequest request, RequestTarget target)
    {
        ResourceDefinition resource = target.Resource;
        bool named = target.Name.Length > 0;
        string verb = request.Method switch
        {
            "GET" or "HEAD" when !named || target.WatchPath => target.WatchPath || request.Query["watch"].ToString() is "true" or "1" ? "watch" : "list",
            "GET" or "HEAD" => "get",
            "POST" => "create",
            "PUT" => "update",
            "PATCH" => "patch",
            "DELETE" => named ? "delete" : "deletecollection",
            _ => throw ApiErrors.MethodNotAllowed(resource, request.Method.ToLowerInvariant()),
        };
        if (target.Subresource.Length > 0)
        {
            bool exists = target.Subresource switch
            {
                "status" => resource.HasStatus,
                "scale" => resource.Scale is not null,
                "log" or "proxy" or "eviction" => resource.HasLog,
                _ => false,
            };
            if (!exists)
            {
                throw pods.Proxy.Refusal(target);
            }

            bool fits = target.Subresource switch { "log" or "proxy" => verb == "get", "eviction" => verb == "create", _ => verb is "get" or "update" or "patch" };
            return fits ? verb : throw ApiErrors.MethodNotAllowed(resource, verb);
        }

        if (resource.Namespaced && target.Namespace.Length == 0 && (named || verb == "create"))
        {
            throw ApiErrors.ResourceUnknown();
        }

        if (verb is "update" or "patch" && !named)
        {
            throw ApiErrors.BadRequest("name must be provided");
        }

        if (!resource.Allows(verb))
        {
            throw ApiErrors.MethodNotAllowed(resource, verb);
        }

        return verb;
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 7001, Level = LogLevel.Error, Message = "{Method} {Path} failed")]
        public static partial void RequestFailed(ILogger logger, Exception exception, string method, string path);
    }
}

/// <summary>Handlers of what only pods have.</summary>
internal sealed record PodHandlers(PodLogHandler Logs, PodProxyHandler Proxy, EvictionHandler Evictions);
