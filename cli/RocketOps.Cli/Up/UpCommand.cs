using System.CommandLine;
using RocketOps.Cli.Arguments;
using RocketOps.Cli.Running;
using Spectre.Console;

namespace RocketOps.Cli.Up;

/// <summary><c>rocketops up FILE…</c>: a whole cluster on this machine, without Kubernetes.</summary>
internal static class UpCommand
{
    public static Command Create(Shell shell)
    {
        Argument<string[]> files = new("FILE")
        {
            Description = "Manifests to apply: BrokerCluster and Topic objects, several in a file separated by ---; a folder stands for the .yaml, .yml and .json files in it, - for standard input. Without any, what the data folder holds is started, if an earlier run has left something there",
            Arity = ArgumentArity.ZeroOrMore,
        };
        files.Validators.Add(result =>
        {
            foreach (System.CommandLine.Parsing.Token token in result.Tokens)
            {
                if (token.Value != ManifestFiles.StandardInput && !File.Exists(token.Value) && !Directory.Exists(token.Value))
                {
                    result.AddError(token.Value.StartsWith('-') ? $"There is no option {token.Value}." : $"There is no file {token.Value}.");
                }
            }
        });
        Option<string> data = new("--data")
        {
            Description = "Folder for objects, messages and logs; a second start finds everything again",
            HelpName = "DIR",
            DefaultValueFactory = _ => ".rocketops",
        };
        Option<int> port = new Option<int>("--port")
        {
            Description = "Port of the Kubernetes API on 127.0.0.1; 0 takes a free one",
            DefaultValueFactory = _ => 0,
        }.Within(0, 65535);
        Option<bool> demo = new("--demo") { Description = "Send 1000 messages and receive each exactly once, then say what to try next" };
        Option<bool> exit = new("--exit") { Description = "End when everything is ready and the demo is done; without a terminal --demo always does" };
        Option<string?> record = new("--record") { Description = "Write a picture (SVG) of what was shown", HelpName = "FILE" };
        record.Validators.Add(result =>
        {
            // Said now: the picture is written at the end, and a folder made of a slip of the pen is nobody's wish.
            if (result.Tokens is [{ } token] && WhyNoFile(token.Value) is { } reason)
            {
                result.AddError($"--record: {reason}.");
            }
        });
        Command command = new("up", "Run clusters on this machine: the same operator and brokers as on Kubernetes, as local processes")
        {
            files, data, port, demo, exit, record,
        };
        command.SetAction(async (parsed, _) =>
        {
            using StopSignals signals = new();
            UpOptions options = new()
            {
                Files = parsed.GetValue(files) ?? [],
                DataDirectory = Path.GetFullPath(parsed.GetValue(data)!),
                Port = parsed.GetValue(port),
                Demo = parsed.GetValue(demo),
                Exit = parsed.GetValue(exit),
                Record = parsed.GetValue(record),
            };
            if (options.Files.Count == 0 && !DataDirectory.HoldsObjects(options.DataDirectory))
            {
                // A slip of the working folder far more often than a wish for an empty cluster.
                await shell.Error.WriteLineAsync(
                    $"{shell.StyledError("rocketops up:")} nothing to run: give a file, as rocketops up deploy/samples/quickstart.yaml; no earlier run has left anything in {options.DataDirectory}. See \"rocketops up --help\".");
                return ExitCodes.WrongUsage;
            }

            return await new UpSession(options, AnsiConsole.Console, shell) { Quit = signals.Stop }.RunAsync(signals.Token);
        });
        return command;
    }

    /// <summary>Finds why no file can be written there; null when one can.</summary>
    private static string? WhyNoFile(string path)
    {
        if (path.Length == 0)
        {
            return "a file is needed";
        }

        return Directory.Exists(path) ? $"{path} is a folder"
            : Path.GetDirectoryName(path) is { Length: > 0 } folder && !Directory.Exists(folder) ? $"there is no folder {folder}"
            : null;
    }
}
