using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Controllers;
using RocketOps.Operator.Hosting;

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

        // Not RunAsync, which disposes what tells a failure from a stop.
        await app.WaitForShutdownAsync();
        return OperatorFailure.Of(app.Services) is null ? 0 : Failed;
    }

    private static WebApplication Build(OperatorArguments arguments, KubernetesClientConfiguration server)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions());
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenAnyIP(arguments.HttpPort));
        ConfigureLogging(builder.Logging);
        builder.Services.AddKubernetesClient(_ => server);
        builder.Services.AddRocketOpsOperator(arguments.Options);

        WebApplication app = builder.Build();
        HealthEndpoints.Map(app, app.Services.GetRequiredService<OperatorHealth>());
        return app;
    }

    private static void ConfigureLogging(ILoggingBuilder logging)
    {
        logging.ClearProviders();
        logging.AddFilter("Microsoft", LogLevel.Warning);
        if (Environment.GetEnvironmentVariable("DOTNET_RUNNING_IN_CONTAINER") == "true")
        {
            // One JSON object per line, for whatever collects the logs of pods.
            logging.AddJsonConsole(console =>
            {
                console.UseUtcTimestamp = true;
                console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
            });
        }
        else
        {
            logging.AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.TimestampFormat = "HH:mm:ss ";
            });
        }
    }
}
