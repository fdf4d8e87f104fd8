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

    public async Task<ProbeResult> CheckAsync(Probe probe, string podAddress, CancellationToken cancellation)
    {
        using var timeout = new CancellationTokenSource(probe.Timeout, time);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation, timeout.Token);
        var host = probe.Host ?? podAddress;
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

    private async Task<ProbeResult> CheckHttpAsync(Probe probe, string host, string path, CancellationToken cancellation)
    {
        var slash = path.StartsWith('/') ? "" : "/";
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{host}:{probe.Port}{slash}{path}");
        request.Headers.TryAddWithoutValidation("User-Agent", "kube-probe/1.34");
        foreach (var (name, value) in probe.Headers)
        {
            request.Headers.Remove(name);
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await _http.SendAsync(request, cancellation);
        return response.StatusCode is >= HttpStatusCode.OK and < HttpStatusCode.BadRequest
            ? ProbeResult.Success
            : new ProbeResult(false, $"HTTP probe failed with statuscode: {(int)response.StatusCode}");
    }

    private static async Task<ProbeResult> CheckTcpAsync(Probe probe, string host, CancellationToken cancellation)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(host, probe.Port, cancellation);
        return ProbeResult.Success;
    }
}
