using System.CommandLine;
using RocketOps.Cli.Running;

namespace RocketOps.Cli.Completion;

/// <summary><c>rocketops completion SHELL</c>: prints what makes a shell complete commands, options, topics and groups.</summary>
internal static class CompletionCommand
{
    // The whole line is handed over: bash would split addresses at their colon.
    private const string Bash = """
        _rocketops() {
            local IFS=$'\n'
            COMPREPLY=( $("${COMP_WORDS[0]}" __complete "${COMP_LINE:0:COMP_POINT}" 2>/dev/null) )
        }
        complete -o default -F _rocketops rocketops
        """;

    private const string Zsh = """
        #compdef rocketops
        _rocketops() {
            local -a found
            found=("${(@f)$("${words[1]}" __complete "${(j: :)words[1,CURSOR]}" 2>/dev/null)}")
            if [[ -n "${found[1]}" ]]; then
                compadd -a found
            else
                _files
            fi
        }
        compdef _rocketops rocketops
        """;

    private const string Fish = """
        complete -c rocketops -f -a '(rocketops __complete (commandline -cp) 2>/dev/null)'
        complete -c rocketops -n '__fish_seen_subcommand_from up store' -F
        """;

    public static Command Create(Shell shell) => new DocumentedCommand(
        "completion",
        "Print the script that completes commands, options, topics and groups in a shell",
        "source <(rocketops completion bash)                                for this shell, or in ~/.bashrc",
        "source <(rocketops completion zsh)                                 in ~/.zshrc, after compinit",
        "rocketops completion fish > ~/.config/fish/completions/rocketops.fish")
    {
        Script(shell, "bash", Bash),
        Script(shell, "zsh", Zsh),
        Script(shell, "fish", Fish),
    };

    /// <summary>Makes the hidden command that the scripts ask.</summary>
    /// <param name="shell">Where the answer goes.</param>
    /// <param name="tree">Makes all commands, which are what completes a line.</param>
    public static Command Answering(Shell shell, Func<Command> tree)
    {
        Argument<string> line = new("LINE") { Description = "The line up to the cursor" };
        Command command = new("__complete", "Answers the completion scripts") { line };
        command.Hidden = true;
        command.SetAction(async (parsed, cancellation) =>
        {
            foreach (string word in await new WordCompleter(shell, tree).FindAsync(parsed.GetRequiredValue(line), cancellation))
            {
                await shell.Output.WriteLineAsync(word);
            }

            return ExitCodes.Success;
        });
        return command;
    }

    private static Command Script(Shell shell, string name, string text)
    {
        Command command = new(name, $"The script for {name}");
        command.SetAction(async (_, _) =>
        {
            await shell.Output.WriteLineAsync(text);
            return ExitCodes.Success;
        });
        return command;
    }
}
