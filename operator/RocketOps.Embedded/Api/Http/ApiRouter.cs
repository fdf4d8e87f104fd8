using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using RocketOps.Embedded.Api.Discovery;
using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Resources;

namespace RocketOps.Embedded.Api.Http;

/// <summary>The edge: authentication, faults, discovery, and which handler serves a resource request. The one place that turns failures into answers.</summary>
internal sealed partial class ApiRouter(
    Authenticator authenticator,
    ResourceRegistry registry,
    DiscoveryDocuments discovery,
    OpenApiDocuments openApi,
    ListHandler lists,
    WatchHandler watches,
    WriteHandler writes,
    PodLogHandler logs,
    PodProxyHandler proxy,
    EmbeddedApiOptions settings,
    ILogger logger)
{
    /// <summary>Replaceable at any time by tests.</summary>
    public Func<ApiCall, ApiFault?>? FaultHook { get; set; } = settings.FaultHook;

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
        if (!authenticator.Accepts(request) || request.Headers.Origin.Count > 0)
        {
            throw ApiErrors.Unauthorized();
        }

        if (await ServeDiscoveryAsync(context, path))
        {
            return;
        }

        if (PathParser.Parse(path, registry) is not { } target)
        {
            await Responses.PageNotFoundAsync(context);
            return;
        }

        await ServeResourceAsync(context, target);
    }

    private async Task<bool> ServeDiscoveryAsync(HttpContext context, string path)
    {
        string[] segments = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        switch (segments)
        {
            case ["version"]:
                await Responses.WriteAsync(context, 200, discovery.Version());
                return true;
            case ["api"] or ["apis"]:
                if (Aggregated(context.Request))
                {
                    context.Response.Headers.ETag = discovery.ETag;
                    context.Response.Headers.Vary = "Accept";
                    if (context.Request.Headers.IfNoneMatch.ToString() == discovery.ETag)
                    {
                        context.Response.StatusCode = 304;
                        return true;
                    }

                    // Clients tell the forms apart by the content type alone.
                    await Responses.WriteAsync(
                        context, 200, discovery.Aggregated(segments[0] == "api").ToUtf8(), contentType: DiscoveryDocuments.AggregatedContentType);
                    return true;
                }

                await Responses.WriteAsync(context, 200, segments[0] == "api" ? DiscoveryDocuments.CoreVersions(context.Request.Host.Value ?? string.Empty) : discovery.Groups());
                return true;
            case ["api", var version]:
                await WriteOrNotFoundAsync(context, discovery.Resources(string.Empty, version));
                return true;
            case ["apis", var group]:
                await WriteOrNotFoundAsync(context, discovery.Group(group));
                return true;
            case ["apis", var group, var version]:
                await WriteOrNotFoundAsync(context, discovery.Resources(group, version));
                return true;
            case ["openapi", "v2"] when context.Request.Headers.Accept.ToString().Contains("protobuf", StringComparison.Ordinal):
                await Responses.WriteBytesAsync(context, OpenApiV2Document.Protobuf, OpenApiV2Document.ProtobufContentType);
                return true;
            case ["openapi", "v2"]:
                await Responses.WriteAsync(context, 200, OpenApiV2Document.Json());
                return true;
            case ["openapi", "v3"]:
                await Responses.WriteAsync(context, 200, openApi.Root());
                return true;
            case ["openapi", "v3", "api", var version] when registry.HasGroupVersion(string.Empty, version):
                await WriteOpenApiAsync(context, string.Empty, version);
                return true;
            case ["openapi", "v3", "apis", var group, var version] when registry.HasGroupVersion(group, version):
                await WriteOpenApiAsync(context, group, version);
                return true;
            case ["openapi", ..]:
                await Responses.PageNotFoundAsync(context);
                return true;
            default:
                return false;
        }
    }

    private async Task WriteOpenApiAsync(HttpContext context, string group, string version)
    {
        (byte[] document, string hash) = openApi.Document(group, version);
        context.Response.Headers.ETag = $"\"{hash}\"";
        context.Response.Headers.Vary = "Accept";
        if (context.Request.Headers.IfNoneMatch.ToString() == $"\"{hash}\"")
        {
            context.Response.StatusCode = 304;
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

    private async Task ServeResourceAsync(HttpContext context, RequestTarget target)
    {
        string verb = Verb(context.Request, target);
        ResourceDefinition resource = target.Resource;
        ApiFault? fault = FaultHook?.Invoke(new ApiCall(verb, resource.Group, resource.Plural, target.Subresource, target.Namespace, target.Name));
        if (fault is not null && !await SurvivesAsync(context, fault))
        {
            return;
        }

        if (fault is { DropAfter: true })
        {
            // The write happens; its answer goes nowhere.
            Stream kept = context.Response.Body;
            context.Response.Body = Stream.Null;
            await ServeAsync(context, target, verb, fault);
            context.Response.Body = kept;
            context.Abort();
            return;
        }

        await ServeAsync(context, target, verb, fault);
    }

    private async Task<bool> SurvivesAsync(HttpContext context, ApiFault fault)
    {
        if (fault.Delay > TimeSpan.Zero)
        {
            await Task.Delay(fault.Delay, settings.TimeProvider, context.RequestAborted);
        }

        if (fault.DropBefore)
        {
            context.Abort();
            return false;
        }

        if (fault.StatusCode != 0)
        {
            throw new ApiErrorException(fault.StatusCode, fault.Reason, fault.Message) { RetryAfterSeconds = fault.RetryAfterSeconds };
        }

        return true;
    }

    private async Task ServeAsync(HttpContext context, RequestTarget target, string verb, ApiFault? fault)
    {
        switch (verb)
        {
            case "get" when target.Subresource == "log":
                await logs.ServeAsync(context, target);
                return;
            case "get" when target.Subresource == "proxy":
                await proxy.ServeAsync(context, target);
                return;
            case "get" when target.Subresource == "scale":
                await writes.GetScaleAsync(context, target);
                return;
            case "get":
                await lists.GetAsync(context, target);
                return;
            case "list":
                await lists.ListAsync(context, target, ListOptions.Read(context.Request, target.Resource, target.WatchPath));
                return;
            case "watch":
                await watches.WatchAsync(context, target, ListOptions.Read(context.Request, target.Resource, target.WatchPath), fault);
                return;
        }

        byte[] body = await RequestBody.ReadAsync(context, settings.MaxBodyBytes);
        switch (verb)
        {
            case "create" when target.Resource.Rules.IsReview:
                await ReviewHandler.AnswerAsync(context, target, body);
                break;
            case "create":
                await writes.CreateAsync(context, target, body);
                break;
            case "update":
                await writes.ReplaceAsync(context, target, body);
                break;
            case "patch":
                await writes.PatchAsync(context, target, body);
                break;
            case "delete":
                await writes.DeleteAsync(context, target, body);
                break;
            case "deletecollection":
                await writes.DeleteCollectionAsync(context, target, body);
                break;
        }
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
            bool readOnly = target.Subresource is "log" or "proxy";
            bool exists = target.Subresource switch { "status" => resource.HasStatus, "scale" => resource.Scale is not null, _ => readOnly && resource.HasLog };
            if (!exists)
            {
                throw proxy.Refusal(target);
            }

            if (verb is not ("get" or "update" or "patch") || (readOnly && verb != "get"))
            {
                throw ApiErrors.MethodNotAllowed(resource, verb);
            }

            return verb;
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
        [LoggerMessage(1, LogLevel.Error, "{Method} {Path} failed")]
        public static partial void RequestFailed(ILogger logger, Exception exception, string method, string path);
    }
}
