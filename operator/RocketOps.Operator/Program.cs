using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RocketOps.Kubernetes.Client.Configuration;
using RocketOps.Kubernetes.Controllers;
using RocketOps.Operator.Definitions;
using RocketOps.Operator.Hosting;
using RocketOps.Operator.Logging;
using RocketOps.Operator.Metrics;

namespace RocketOps.Operator;

internal static class Program
{
    private const int Failed = 1;
    private const int WrongUsage = 2;

    private static async Task<int> Main(string[] args)
    {
        List<string> errors = new List<string>();
        if (OperatorArguments.TryParse(args, Environment.GetEnvironmentVariable, errors) is not { } arguments)
        {
            await Console.Error.WriteLineAsync(string.Join(Environment.NewLine, errors));
            return WrongUsage;
        }

        if (arguments.Help)
        {
            await Console.Out.WriteAsync(OperatorArguments.Usage);
            return 0;
        }

        if (arguments.AwaitReady is { } address)
        {
            return await AwaitReadyAsync(address);
        }

        KubernetesClientConfiguration server;
        try
        {
            server = KubernetesClientConfiguration.Detect(arguments.Kubeconfig);
        }
        catch (KubernetesConfigurationException unusable)
        {
            await Console.Error.WriteLineAsync(unusable.Message);
            return Failed;
        }

        await using WebApplication app = Build(arguments, server);
        try
        {
            await app.StartAsync();
        }
        catch (IOException taken)
        {
            await Console.Error.WriteLineAsync($"--http-port: {taken.Message}");
            return Failed;
        }
        catch (OutdatedDefinitionsException)
        {
            // The log has said what is to be done.
            return Failed;
        }

        // Not RunAsync, which disposes what tells a failure from a stop.
        await app.WaitForShutdownAsync();
        return OperatorFailure.Of(app.Services) is null ? 0 : Failed;
    }

    private static async Task<int> AwaitReadyAsync(Uri address)
    {
        using HttpClient client = new() { Timeout = TimeSpan.FromSeconds(5) };
        if (await new ReadyCheck(client, TimeProvider.System, TimeSpan.FromSeconds(1)).RunAsync(address, CancellationToken.None) is not { } problem)
        {
            await Console.Out.WriteLineAsync($"{address} is ready.");
            return 0;
        }

        await Console.Error.WriteLineAsync($"{address} is not ready: {problem}");
        return Failed;
    }

    private static WebApplication Build(OperatorArguments arguments, KubernetesClientConfiguration server)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions());
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenAnyIP(arguments.HttpPort));
        builder.Logging.AddOperatorLog(Environment.GetEnvironmentVariable("DOTNET_RUNNING_IN_CONTAINER") == "true", arguments.LogLevel, arguments.LogLevelFile);
        builder.Services.AddKubernetesClient(_ => server);
        builder.Services.AddRocketOpsOperator(arguments.Options);

        WebApplication app = builder.Build();
        OperatorHealth health = app.Services.GetRequiredService<OperatorHealth>();
        HealthEndpoints.Configure(app, health.LiveProblem, health.ReadyProblem, app.Services.GetRequiredService<PrometheusPage>().Render);
        return app;
    }
}
