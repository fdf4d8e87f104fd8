using System.Net;
using RocketOps.Testing;
using RocketOps.Testing.Processes;

namespace RocketOps.Operator.Tests;

/// <summary>The operator as a process, without an API server to talk to.</summary>
public sealed class ProgramTests
{
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "RocketOps.Operator.dll");

    [Fact]
    public async Task Main_ToldToStop_EndsWithZero()
    {
        using TempDirectory directory = new();
        string kubeconfig = Path.Combine(directory.Path, "config");
        int nobody = LoopbackPorts.Find();
        await File.WriteAllTextAsync(kubeconfig, $$$"""
            apiVersion: v1
            kind: Config
            clusters: [{name: n, cluster: {server: "https://127.0.0.1:{{{nobody}}}"}}]
            users: [{name: n, user: {token: x}}]
            contexts: [{name: n, context: {cluster: n, user: n}}]
            current-context: n
            """);
        int port = LoopbackPorts.Find();
        Dictionary<string, string> inContainer = new(StringComparer.Ordinal) { ["DOTNET_RUNNING_IN_CONTAINER"] = "true" };
        await using ChildProcess process = ChildProcess.Start("dotnet", [Program, "--kubeconfig", kubeconfig, $"--http-port={port}", "--broker-image=r/broker:1", "--nameserver-image=r/nameserver:1"], inContainer);
        using HttpClient client = new();
        await Eventually.TrueAsync(async () => await StatusAsync(client, port, "livez") == HttpStatusCode.OK, "the process lives");
        (await StatusAsync(client, port, "readyz")).Should().Be(HttpStatusCode.ServiceUnavailable);
        await Eventually.TrueAsync(() => process.Output.Contains("{\"timestamp\":\"20", StringComparison.Ordinal), "a line of its log says when it was written");

        (await client.GetStringAsync(new Uri($"http://127.0.0.1:{port}/metrics"))).Should().Contain("rocketops_operator_leader 0\n");

        process.Terminate();

        (await process.WaitAsync(TimeSpan.FromMinutes(2))).ExitCode.Should().Be(0);
    }

    private static async Task<HttpStatusCode?> StatusAsync(HttpClient client, int port, string path)
    {
        try
        {
            using HttpResponseMessage response = await client.GetAsync(new Uri($"http://127.0.0.1:{port}/{path}"));
            return response.StatusCode;
        }
        catch (HttpRequestException)
        {
            // Not listening yet.
            return null;
        }
    }
}
