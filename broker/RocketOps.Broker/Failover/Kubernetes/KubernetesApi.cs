using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace RocketOps.Broker.Failover.Kubernetes;

/// <summary>
/// The three calls a broker makes to the API server of its cluster: read an object, replace it, and watch one. It knows no kinds and keeps nothing but connections. Thread-safe.
/// </summary>
internal sealed class KubernetesApi : IDisposable
{
    /// <summary>An object is at most 1.5 MiB in etcd; what a broker asks for has a few KiB.</summary>
    private const int MaxBodyBytes = 2 * 1024 * 1024;

    // Connections that stay are closed now and then, so that a replaced server or authority is noticed.
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(5);

    private readonly KubernetesCredentials _credentials;
    private readonly HttpClient _http;
    private readonly TimeProvider _time;
    private readonly TimeSpan _timeout;

    /// <param name="access">Where the server is.</param>
    /// <param name="timeout">For each request, the connection included. A watch has as long for its first answer.</param>
    /// <param name="time">Measures it.</param>
    public KubernetesApi(KubernetesAccess access, TimeSpan timeout, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(access);
        _time = time;
        _timeout = timeout;
        _credentials = new KubernetesCredentials(access, time);

        // HTTP/1.1: a request that is given up takes its connection along, so a peer that has vanished is not asked again.
        SocketsHttpHandler handler = new() { PooledConnectionLifetime = ConnectionLifetime, AllowAutoRedirect = false, UseProxy = false, UseCookies = false };
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, chain, errors) => _credentials.Trusts(certificate, chain, errors);
        _http = new HttpClient(handler) { BaseAddress = access.Server, Timeout = Timeout.InfiniteTimeSpan };
    }

    public Task<KubernetesAnswer> GetAsync(string path, CancellationToken cancellationToken) => CallAsync(HttpMethod.Get, path, null, cancellationToken);

    public Task<KubernetesAnswer> PutAsync(string path, JsonObject body, CancellationToken cancellationToken) => CallAsync(HttpMethod.Put, path, body, cancellationToken);

    /// <summary>Reads the events of a watch until the server ends it.</summary>
    /// <param name="path">With its query.</param>
    /// <param name="seen">Told the type of each event and its object. What it throws ends the watch.</param>
    /// <param name="cancellationToken">Ends the watch.</param>
    public async Task WatchAsync(string path, Action<string, JsonObject> seen, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(seen);
        using HttpResponseMessage response = await GuardedAsync(token => AuthorizedAsync(HttpMethod.Get, path, null, token), $"GET {path}", cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            throw Refused(HttpMethod.Get, path, response.StatusCode, string.Empty);
        }

        try
        {
            await using Stream stream = await response.Content.ReadAsStreamAsync(cancellationToken);
            PipeReader lines = PipeReader.Create(stream);
            while (await ReadLineAsync(lines, path, cancellationToken) is { } line)
            {
                seen(JsonFields.Text(line, "type") ?? string.Empty, JsonFields.Object(line, "object") ?? []);
            }
        }
        catch (Exception failure) when (failure is IOException or HttpRequestException)
        {
            throw new KubernetesApiException($"The watch {path} broke off: {failure.Message}", failure);
        }
    }

    public void Dispose()
    {
        _http.Dispose();
        _credentials.Dispose();
    }

    private Task<KubernetesAnswer> CallAsync(HttpMethod method, string path, JsonObject? body, CancellationToken cancellationToken) => GuardedAsync(
        async token =>
        {
            using HttpResponseMessage response = await AuthorizedAsync(method, path, body, token);
            JsonObject content = await ReadBodyAsync(response, path, token);
            return response.IsSuccessStatusCode || response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Conflict or HttpStatusCode.UnprocessableEntity
                ? new KubernetesAnswer(response.StatusCode, content)
                : throw Refused(method, path, response.StatusCode, JsonFields.Text(content, "message") ?? string.Empty);
        },
        $"{method} {path}",
        cancellationToken);

    /// <summary>Within the time a request has; what fails on the way is told as a failure of the server.</summary>
    private async Task<T> GuardedAsync<T>(Func<CancellationToken, Task<T>> request, string what, CancellationToken cancellationToken)
    {
        using CancellationTokenSource patience = new(_timeout, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            return await request(either.Token);
        }
        catch (OperationCanceledException late) when (!cancellationToken.IsCancellationRequested)
        {
            throw new KubernetesApiException($"The API server at {_http.BaseAddress} did not answer {what} within {_timeout.TotalMilliseconds} ms.", late);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException)
        {
            throw new KubernetesApiException($"The API server at {_http.BaseAddress} could not be asked {what}: {(failure.InnerException ?? failure).Message}", failure);
        }
    }

    /// <summary>Sends a request with the token; once more with a fresh one when that was refused.</summary>
    private async Task<HttpResponseMessage> AuthorizedAsync(HttpMethod method, string path, JsonObject? body, CancellationToken cancellationToken)
    {
        string token = await _credentials.TokenAsync(cancellationToken);
        HttpResponseMessage response = await SendAsync(method, path, body, token, cancellationToken);
        if (response.StatusCode != HttpStatusCode.Unauthorized)
        {
            return response;
        }

        response.Dispose();
        _credentials.Refuse(token);
        return await SendAsync(method, path, body, await _credentials.TokenAsync(cancellationToken), cancellationToken);
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, JsonObject? body, string token, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = new(method, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        request.Headers.Accept.ParseAdd("application/json");
        if (body is not null)
        {
            request.Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body, KubernetesJson.Default.JsonObject));
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }

    private static async Task<JsonObject> ReadBodyAsync(HttpResponseMessage response, string path, CancellationToken cancellationToken)
    {
        await using Stream stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        PipeReader reader = PipeReader.Create(stream);
        while (true)
        {
            ReadResult read = await reader.ReadAsync(cancellationToken);
            if (read.Buffer.Length > MaxBodyBytes)
            {
                throw TooLong(path);
            }

            if (read.IsCompleted)
            {
                return response.Content.Headers.ContentType?.MediaType == "application/json" ? Parse(read.Buffer, path) : [];
            }

            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    /// <summary>The next event; null at the end of the stream, where half a line says nothing.</summary>
    private static async Task<JsonObject?> ReadLineAsync(PipeReader reader, string path, CancellationToken cancellationToken)
    {
        while (true)
        {
            ReadResult read = await reader.ReadAsync(cancellationToken);
            if (read.Buffer.PositionOf((byte)'\n') is { } end)
            {
                JsonObject line = Parse(read.Buffer.Slice(0, end), path);
                reader.AdvanceTo(read.Buffer.GetPosition(1, end));
                return line;
            }

            if (read.Buffer.Length > MaxBodyBytes)
            {
                throw TooLong(path);
            }

            if (read.IsCompleted)
            {
                return null;
            }

            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private static JsonObject Parse(ReadOnlySequence<byte> bytes, string path)
    {
        try
        {
            Utf8JsonReader reader = new(bytes);
            return JsonNode.Parse(ref reader) as JsonObject ?? throw new KubernetesApiException($"The API server answered {path} with JSON that is no object.");
        }
        catch (JsonException failure)
        {
            throw new KubernetesApiException($"The API server answered {path} with what is no JSON: {failure.Message}", failure);
        }
    }

    private static KubernetesApiException TooLong(string path) => new($"The API server answered {path} with more than {MaxBodyBytes} bytes.");

    private static KubernetesApiException Refused(HttpMethod method, string path, HttpStatusCode code, string message) => new(code switch
    {
        HttpStatusCode.Unauthorized => $"The API server does not know this pod's service account ({method} {path}): its token has ended or is another cluster's. {message}",
        HttpStatusCode.Forbidden => $"The service account of this pod may not {method} {path}. The operator gives the right by the Role of the group; look at that, and at its RoleBinding. {message}",
        _ => $"The API server refused {method} {path} with {(int)code}. {message}",
    })
    {
        IsRefusal = KubernetesAnswer.IsRefusalCode(code),
    };
}
