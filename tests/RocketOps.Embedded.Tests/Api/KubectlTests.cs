using System.Diagnostics;
using RocketOps.Embedded.Tests.Conformance;
using RocketOps.Testing;
using RocketOps.Testing.Rings;

namespace RocketOps.Embedded.Tests.Api;

/// <summary>Unmodified kubectl against the embedded server.</summary>
public sealed class KubectlTests : IAsyncLifetime
{
    private const string Manifest = """
        apiVersion: conformance.rocketops.io/v1beta1
        kind: Widget
        metadata: {name: orders}
        spec: {replicas: 2, config: {a: "1"}, listeners: [{name: tcp}]}
        """;

    private readonly TempDirectory _directory = new();
    private EmbeddedApiServer? _server;

    public static string? Kubectl { get; } = (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator)
        .Select(p => Path.Combine(p, "kubectl")).FirstOrDefault(File.Exists);

    public async Task InitializeAsync()
    {
        if (Kubectl is null)
        {
            return;
        }

        _server = await EmbeddedApiServer.StartAsync(new EmbeddedApiOptions());
        _server.AddCrd(await File.ReadAllTextAsync(Path.Combine(ConformanceCase.Folder, "widgets.crd.yaml")));
        _server.WriteKubeconfig(_directory.File("kubeconfig"));
        await File.WriteAllTextAsync(_directory.File("widget.yaml"), Manifest);
    }

    public async Task DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        _directory.Dispose();
    }

    /// <summary>Skips the test where kubectl is missing; on CI it fails: nothing else shows that unmodified kubectl works.</summary>
    private static void RequireKubectl()
    {
        string? reason = RingRules.Current.WhySkip(ring: null, Kubectl is null ? "kubectl is not on the PATH" : null);
        Skip.If(reason is not null, reason);
    }

    [SkippableFact]
    public async Task Kubectl_DailyCommands_WorkUnmodified()
    {
        RequireKubectl();
        string file = _directory.File("widget.yaml");

        (await RunAsync("apply", "-f", file)).Should().Be((0, "widget.conformance.rocketops.io/orders created\n"));
        (await RunAsync("apply", "-f", file)).Should().Be((0, "widget.conformance.rocketops.io/orders configured\n"), "the list's defaulted item differs for ever, as on the real server");
        (await RunAsync("get", "wdg")).Output.Should().MatchRegex("NAME +READY +REASON +REPLICAS +AGE\norders +2 +[0-9]+s\n");
        (await RunAsync("get", "wdg", "-o", "wide")).Output.Should().Contain("{\"a\":\"1\"}");
        (await RunAsync("get", "wdg", "orders", "-o", "jsonpath={.spec.storage.size}")).Should().Be((0, "1Gi"));
        (await RunAsync("get", "wdg", "-o", "custom-columns=N:.metadata.name,R:.spec.replicas")).Output.Should().Be("N        R\norders   2\n");
        (await RunAsync("explain", "widget.spec.replicas")).Output.Should().Contain("FIELD: replicas <integer>").And.Contain("How many members.");
        (await RunAsync("patch", "wdg", "orders", "--type=merge", "-p", """{"spec":{"replicas":3}}""")).Should().Be((0, "widget.conformance.rocketops.io/orders patched\n"));
        (await RunAsync("diff", "-f", file)).Should().Match<(int Code, string Output)>(d => d.Code == 1 && d.Output.Contains("-  replicas: 3") && d.Output.Contains("+  replicas: 2"));
        (await RunAsync("apply", "--server-side", "--force-conflicts", "-f", file)).Should().Be((0, "widget.conformance.rocketops.io/orders serverside-applied\n"));
        (await RunAsync("patch", "wdg", "orders", "--subresource=status", "--type=merge", "-p", """{"status":{"observedGeneration":9,"conditions":[{"type":"Ready","status":"True","reason":"Fine"}]}}"""))
            .Code.Should().Be(0);
        (await RunAsync("wait", "--for=condition=Ready", "wdg/orders", "--timeout=10s")).Should().Be((0, "widget.conformance.rocketops.io/orders condition met\n"));
        (await RunAsync("label", "wdg", "orders", "team=mq")).Code.Should().Be(0);
        (await RunAsync("get", "wdg", "-l", "team=mq", "-o", "name")).Should().Be((0, "widget.conformance.rocketops.io/orders\n"));
        (await RunAsync("scale", "wdg", "orders", "--replicas=5")).Code.Should().Be(0);
        (await RunAsync("describe", "wdg", "orders")).Output.Should().Contain("Replicas:  5").And.Contain("Events:");
        (await RunAsync("api-resources", "--api-group=conformance.rocketops.io")).Output.Should().Contain("widgets").And.Contain("wdg");
        (await RunAsync("delete", "wdg", "orders")).Output.Should().StartWith("widget.conformance.rocketops.io \"orders\" deleted");
        (await RunAsync("get", "wdg", "orders")).Code.Should().Be(1);
        (await RunAsync("wait", "--for=delete", "wdg/orders", "--timeout=10s")).Code.Should().Be(0);
    }

    [SkippableFact]
    public async Task Kubectl_CommandsThatSendProtobuf_WorkOrSayTheWayRound()
    {
        RequireKubectl();

        (await RunAsync("create", "namespace", "mine")).Should().Be((0, "namespace/mine created\n"));
        (await RunAsync("create", "configmap", "c", "-n", "mine", "--from-literal=a=b")).Should().Be((0, "configmap/c created\n"));
        (await RunAsync("get", "configmap", "c", "-n", "mine", "-o", "jsonpath={.data.a}")).Should().Be((0, "b"));
        (await RunAsync("create", "secret", "generic", "s", "-n", "mine", "--from-literal=a=b")).Should().Be((0, "secret/s created\n"));
        (await RunAsync("get", "secret", "s", "-n", "mine", "-o", "jsonpath={.data.a}")).Should().Be((0, "Yg=="));
        (await RunAsync("create", "serviceaccount", "q", "-n", "mine")).Should().Be((0, "serviceaccount/q created\n"));
        (await RunAsync("auth", "can-i", "delete", "widgets")).Should().Be((0, "yes\n"));
        (await RunAsync("auth", "whoami")).Output.Should().Contain("rocketops");
        (int code, string output) = await RunAsync("create", "deployment", "d", "--image=x");
        code.Should().Be(1);
        output.Should().Contain("apps/v1, Kind=Deployment").And.Contain("kubectl apply --server-side");
    }

    [SkippableFact]
    public async Task Kubectl_WhatIsNotOffered_IsRefusedInPlainWords()
    {
        RequireKubectl();
        string file = _directory.File("wrong.yaml");
        await File.WriteAllTextAsync(file, Manifest.Replace("kind: Widget", "kind: Widgett", StringComparison.Ordinal));

        (await RunAsync("apply", "-f", file)).Output.Should().Contain("no matches for kind \"Widgett\"");
        (await RunAsync("patch", "namespace", "default", "-p", "{}")).Output.Should().Contain("no strategic merge patch").And.Contain("--type=merge");
        await File.WriteAllTextAsync(file, """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i"}]}}""");
        (await RunAsync("apply", "-f", file)).Code.Should().Be(0);
        (await RunAsync("exec", "p", "--", "ls")).Output.Should().Contain("does not offer pods/exec");
    }

    private async Task<(int Code, string Output)> RunAsync(params string[] arguments)
    {
        ProcessStartInfo start = new(Kubectl!)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["KUBECONFIG"] = _directory.File("kubeconfig"), ["KUBECACHEDIR"] = _directory.File("cache") },
        };
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        string text = await output;
        return (process.ExitCode, text.Length > 0 ? text : await errors);
    }
}
