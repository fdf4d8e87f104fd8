using System.CommandLine;
using Spectre.Console;

namespace RocketOps.Cli.Up;

/// <summary><c>rocketops up FILE…</c>: a whole cluster on this machine, without Kubernetes.</summary>
internal static class UpCommand
{
    public static Command Create()
    {
        var files = new Argument<FileInfo[]>("FILE")
        {
            Description = "Manifests to apply: BrokerCluster and Topic objects, several in a file separated by ---",
            Arity = ArgumentArity.ZeroOrMore,
        };
        files.Validators.Add(result =>
        {
            foreach (var token in result.Tokens)
            {
                if (!File.Exists(token.Value))
                {
                    result.AddError(token.Value.StartsWith('-') ? $"There is no option {token.Value}." : $"There is no file {token.Value}.");
                }
            }
        });
        var data = new Option<string>("--data")
        {
            Description = "Folder for objects, messages and logs; a second start finds everything again",
            HelpName = "DIR",
            DefaultValueFactory = _ => ".rocketops",
        };
        var port = new Option<int>("--port")
        {
            Description = "Port of the Kubernetes API on 127.0.0.1; 0 takes a free one",
            DefaultValueFactory = _ => 0,
        };
        port.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && (!int.TryParse(result.Tokens[0].Value, out var number) || number is < 0 or > 65535))
            {
                result.AddError("--port must be between 0 and 65535.");
            }
        });
        var demo = new Option<bool>("--demo") { Description = "Send 1000 messages and receive each exactly once, then say what to try next" };
        var exit = new Option<bool>("--exit") { Description = "End when everything is ready and the demo is done; without a terminal --demo always does" };
        var record = new Option<string?>("--record") { Description = "Write a picture (SVG) of what was shown", HelpName = "FILE" };
        var command = new Command("up", "Run clusters on this machine: the same operator and brokers as on Kubernetes, as local processes")
        {
            files, data, port, demo, exit, record,
        };
        command.SetAction(async (parsed, _) =>
        {
            using var signals = new StopSignals();
            var options = new UpOptions
            {
                Files = parsed.GetValue(files) ?? [],
                DataDirectory = Path.GetFullPath(parsed.GetValue(data)!),
                Port = parsed.GetValue(port),
                Demo = parsed.GetValue(demo),
                Exit = parsed.GetValue(exit),
                Record = parsed.GetValue(record),
            };
            return await new UpSession(options, AnsiConsole.Console, TimeProvider.System).RunAsync(signals.Token);
        });
        return command;
    }
}
