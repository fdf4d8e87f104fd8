using System.Collections.Concurrent;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using RocketOps.Kubernetes.Client.Configuration;
using RocketOps.Kubernetes.Metrics;
using RocketOps.Kubernetes.Models;
using RocketOps.Kubernetes.Timing;

namespace RocketOps.Kubernetes.Client.Transport;

/// <summary>Sends requests: credentials, rate limit, deadline, repetition of what may be repeated, errors as exceptions.</summary>
internal sealed partial class KubernetesTransport : IDisposable
{
    /// <summary>A Status is a few hundred bytes; a proxy's error page need not be read whole.</summary>
    private const int MaxErrorBytes = 256 * 1024;

    /// <summary>Texts of warnings that were logged; beyond this many something makes them up.</summary>
    private const int MaxDistinctWarnings = 256;

    private readonly HttpClient _http;
    private readonly ServerCertificateValidator? _validator;
    private readonly KubernetesClientConfiguration _configuration;
    private readonly KubernetesClientOptions _options;
    private readonly TokenSource _tokens;
    private readonly TokenBucket _rate;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ClientMetrics? _metrics;
    private readonly ConcurrentDictionary<string, bool> _warnings = new(StringComparer.Ordinal);
    private readonly bool _ownsConnections = true;

    public KubernetesTransport(KubernetesClientConfiguration configuration, KubernetesClientOptions options, TimeProvider time, ILogger logger, ClientMetrics? metrics = null)
    {
        _configuration = configuration;
        _options = options;
        _time = time;
        _logger = logger;
        _metrics = metrics;
        _tokens = new TokenSource(configuration, time, logger);
        _rate = new TokenBucket(options.RequestsPerSecond, options.Burst, time);
        if (configuration.CertificateAuthorityPem is not null || configuration.CertificateAuthorityFile is not null)
        {
            _validator = new ServerCertificateValidator(configuration.CertificateAuthorityPem, configuration.CertificateAuthorityFile, logger);
        }

        string root = configuration.Server.AbsoluteUri;
        BaseAddress = new Uri(root.EndsWith('/') ? root : root + "/");
        _http = new HttpClient(HttpHandlerFactory.Create(configuration, options.ConnectTimeout, _validator))
        {
            BaseAddress = BaseAddress,
            Timeout = Timeout.InfiniteTimeSpan,
            DefaultRequestVersion = options.HttpVersion,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
            MaxResponseContentBufferSize = MaxErrorBytes,
        };
    }

    private KubernetesTransport(KubernetesTransport connected, TokenBucket rate)
    {
        _configuration = connected._configuration;
        _options = connected._options;
        _time = connected._time;
        _logger = connected._logger;
        _metrics = connected._metrics;
        _tokens = connected._tokens;
        _warnings = connected._warnings;
        _http = connected._http;
        BaseAddress = connected.BaseAddress;
        _rate = rate;
        _ownsConnections = false;
    }

    public Uri BaseAddress { get; }

    /// <summary>The same connections, for requests that wait for none of the others; they end with this one.</summary>
    public KubernetesTransport WithOwnRate(double requestsPerSecond, int burst) => new(this, new TokenBucket(requestsPerSecond, burst, _time));

    /// <summary>Sends, and reads the whole answer with the reader while the deadline runs.</summary>
    public async Task<TResult> SendAsync<TResult>(
        KubernetesRequest request, Func<Stream, CancellationToken, Task<TResult>> read, CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            await _rate.WaitAsync(cancellationToken);
            using CancellationTokenSource deadline = new(_options.RequestTimeout, _time);
            using CancellationTokenSource linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
            TimeSpan? wait;
            try
            {
                using HttpResponseMessage response = await SendOnceAsync(request, linked.Token);
                await using Stream body = await OpenAsync(response, linked.Token);
                return await read(body, linked.Token);
            }
            catch (KubernetesException e)
            {
                wait = WaitAfter(request, e, attempt);
                if (wait is null)
                {
                    throw;
                }

                LogRepeat(_logger, request.Method, request.PathAndQuery, wait.Value, e.Message);
            }
            catch (OperationCanceledException e) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                wait = WaitAfterNoAnswer(request, attempt)
                    ?? throw new TimeoutException($"{BaseAddress} did not answer {request.Method} {request.PathAndQuery} within {_options.RequestTimeout}.", e);
                LogRepeat(_logger, request.Method, request.PathAndQuery, wait.Value, "no answer in time");
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                wait = WaitAfterNoAnswer(request, attempt);
                if (wait is null)
                {
                    if (e is HttpRequestException)
                    {
                        throw;
                    }

                    throw new HttpRequestException($"{BaseAddress} broke off its answer: {e.Message}", e);
                }

                LogRepeat(_logger, request.Method, request.PathAndQuery, wait.Value, e.Message);
            }

            await Task.Delay(wait.Value, _time, cancellationToken);
        }
    }

    /// <summary>Sends once; the answer's body is read by the caller, who disposes the response.</summary>
    public async Task<HttpResponseMessage> OpenStreamAsync(KubernetesRequest request, CancellationToken cancellationToken)
    {
        await _rate.WaitAsync(cancellationToken);
        using CancellationTokenSource deadline = new(_options.RequestTimeout, _time);
        using CancellationTokenSource linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            // The deadline covers the headers only.
            return await SendOnceAsync(request, linked.Token);
        }
        catch (OperationCanceledException e) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"{BaseAddress} did not answer {request.Method} {request.PathAndQuery} within {_options.RequestTimeout}.", e);
        }
    }

    public void Dispose()
    {
        if (_ownsConnections)
        {
            _http.Dispose();
            _validator?.Dispose();
        }
    }

    private async Task<HttpResponseMessage> SendOnceAsync(KubernetesRequest request, CancellationToken cancellationToken)
    {
        HttpResponseMessage response = await DispatchAsync(request, cancellationToken);
        if (response.StatusCode == HttpStatusCode.Unauthorized && _tokens.Invalidate())
        {
            // A rotated token; asked again with the file's present content, once.
            response.Dispose();
            response = await DispatchAsync(request, cancellationToken);
        }

        LogWarnings(response);
        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            throw await ToExceptionAsync(response, cancellationToken);
        }
    }

    private Task<HttpResponseMessage> DispatchAsync(KubernetesRequest request, CancellationToken cancellationToken)
    {
        // The message lives as long as the response, which disposes what matters of it.
        HttpRequestMessage message = new(request.Method, new Uri(BaseAddress, request.PathAndQuery))
        {
            Version = _http.DefaultRequestVersion,
            VersionPolicy = _http.DefaultVersionPolicy,
        };
        if (_configuration.TlsServerName is { Length: > 0 } serverName)
        {
            // The handler takes the name it sends and expects in TLS from here; its own option for it is overwritten.
            message.Headers.Host = serverName;
        }

        message.Headers.Authorization = _tokens.Current();
        message.Headers.TryAddWithoutValidation("User-Agent", _options.UserAgent);
        message.Headers.TryAddWithoutValidation("Accept", request.Accept);
        if (!request.IsStream)
        {
            message.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("gzip"));
        }

        if (_configuration.ImpersonateUser is { Length: > 0 } user)
        {
            message.Headers.TryAddWithoutValidation("Impersonate-User", user);
            foreach (string group in _configuration.ImpersonateGroups)
            {
                message.Headers.TryAddWithoutValidation("Impersonate-Group", group);
            }
        }

        if (request.ContentType is { } contentType)
        {
            message.Content = new ReadOnlyMemoryContent(request.Body);
            message.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        }

        return CountedAsync(request, _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellationToken), cancellationToken);
    }

    private async Task<HttpResponseMessage> CountedAsync(KubernetesRequest request, Task<HttpResponseMessage> answer, CancellationToken cancellationToken)
    {
        long sent = _time.GetTimestamp();
        int code = 0;
        try
        {
            HttpResponseMessage response = await answer;
            code = (int)response.StatusCode;
            return response;
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            // The handler cancels what waits for a connection that does not come about. Nobody has asked for that: it is a connection that is lost.
            throw new HttpRequestException(HttpRequestError.ConnectionError, $"{BaseAddress} cannot be reached: {(e.InnerException ?? e).Message}", e);
        }
        finally
        {
            _metrics?.Answered(request.Verb, code, _time.GetElapsedTime(sent));
        }
    }

    private async Task<Stream> OpenAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        Stream stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        if (response.Content.Headers.ContentEncoding.Contains("gzip"))
        {
            stream = new GZipStream(stream, CompressionMode.Decompress);
        }

        return new BoundedReadStream(stream, _options.MaxResponseBytes);
    }

    private TimeSpan? WaitAfter(KubernetesRequest request, KubernetesException error, int attempt)
    {
        if (attempt >= _options.MaxAttempts)
        {
            return null;
        }

        // 429 was not done, whatever it was. After 5xx a write may have happened.
        bool repeat = error.Code == HttpStatusCode.TooManyRequests ? request.RepeatWhenThrottled : (int)error.Code >= 500 && request.Repeatable;
        if (!repeat)
        {
            return null;
        }

        if (error.RetryAfter is { } asked)
        {
            // Jitter on top: many are told the same number.
            return asked > _options.MaxRetryAfter ? null : asked + Backoff.Jitter(_options.InitialBackoff);
        }

        return Backoff.Jitter(Backoff.Exponential(_options.InitialBackoff, _options.MaxBackoff, attempt));
    }

    private TimeSpan? WaitAfterNoAnswer(KubernetesRequest request, int attempt) =>
        request.Repeatable && attempt < _options.MaxAttempts
            ? Backoff.Jitter(Backoff.Exponential(_options.InitialBackoff, _options.MaxBackoff, attempt))
            : null;

    private async Task<KubernetesException> ToExceptionAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        await using Stream body = await OpenAsync(response, cancellationToken);
        byte[] buffer = new byte[MaxErrorBytes];
        int length = await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        Status status = ParseStatus(buffer.AsSpan(0, length)) ?? new Status
        {
            Code = (int)response.StatusCode,
            Message = Encoding.UTF8.GetString(buffer, 0, Math.Min(length, 512)).Trim(),
        };
        TimeSpan? header = response.Headers.RetryAfter?.Delta;
        TimeSpan? detail = status.Details?.RetryAfterSeconds is { } seconds and > 0 ? TimeSpan.FromSeconds(seconds) : (TimeSpan?)null;
        return new KubernetesException(response.StatusCode, status) { RetryAfter = header ?? detail };
    }

    private static Status? ParseStatus(ReadOnlySpan<byte> body)
    {
        try
        {
            Status? status = JsonSerializer.Deserialize(body, ClientJsonContext.Default.Status);
            return status?.Kind == "Status" ? status : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // A proxy's page or plain text; the caller shows its beginning.
            return null;
        }
    }

    private void LogWarnings(HttpResponseMessage response)
    {
        if (!response.Headers.TryGetValues("Warning", out IEnumerable<string>? warnings))
        {
            return;
        }

        foreach (string warning in warnings)
        {
            if (_warnings.Count < MaxDistinctWarnings && _warnings.TryAdd(warning, true))
            {
                LogServerWarning(_logger, warning);
            }
        }
    }

    [LoggerMessage(EventId = 10, Level = LogLevel.Debug, Message = "{Method} {Path} again in {Wait}: {Error}")]
    private static partial void LogRepeat(ILogger logger, HttpMethod method, string path, TimeSpan wait, string error);

    [LoggerMessage(EventId = 11, Level = LogLevel.Warning, Message = "The API server warns: {Warning}")]
    private static partial void LogServerWarning(ILogger logger, string warning);
}
