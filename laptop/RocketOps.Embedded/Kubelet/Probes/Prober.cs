using System.Net;
using System.Net.Sockets;

namespace RocketOps.Embedded.Kubelet.Probes;

/// <summary>Asks a container once. HTTP codes from 200 to 399 are success, as for the kubelet.</summary>
internal sealed class Prober(TimeProvider time) : IDisposable
{
    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,

        // A probe proves that a new connection works.
        PooledConnectionLifetime = TimeSpan.Zero,
    });

    public async Task<ProbeResult> CheckAsync(ContainerProbe probe, string podAddress, CancellationToken cancellation)
    {
        using CancellationTokenSource timeout = new(probe.Timeout, time);
        using CancellationTokenSource deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation, timeout.Token);
        string host = probe.Host ?? podAddress;
        try
        {
            return probe.Path is { } path
                ? await CheckHttpAsync(probe, host, path, deadline.Token)
                : await CheckTcpAsync(probe, host, deadline.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new ProbeResult(false, $"no answer within {probe.Timeout.TotalSeconds:0} s");
        }
        catch (Exception failure) when (failure is HttpRequestException or SocketException or IOException)
        {
            return new ProbeResult(false, failure.Message);
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<ProbeResult> CheckHttpAsync(ContainerProbe probe, string host, string path, CancellationToken cancellation)
    {
        string slash = path.StartsWith('/') ? "" : "/";
        using HttpRequestMessage request = new(HttpMethod.Get, $"http://{host}:{probe.Port}{slash}{path}");
        request.Headers.TryAddWithoutValidation("User-Agent", "kube-probe/1.34");
        foreach ((string name, string value) in probe.Headers)
        {
            request.Headers.Remove(name);
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using HttpResponseMessage response = await _http.SendAsync(request, cancellation);
        return response.StatusCode is >= HttpStatusCode.OK and < HttpStatusCode.BadRequest
            ? ProbeResult.Success
            : new ProbeResult(false, $"HTTP probe failed with statuscode: {(int)response.StatusCode}");
    }

    private static async Task<ProbeResult> CheckTcpAsync(ContainerProbe probe, string host, CancellationToken cancellation)
    {
        using Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(host, probe.Port, cancellation);
        return ProbeResult.Success;
    }
}

/// <summary>Outcome of one probe; Message says what went wrong, as the event will show it.</summary>
internal readonly record struct ProbeResult(bool Succeeded, string Message)
{
    public static readonly ProbeResult Success = new(true, "");
}
