namespace RocketOps.Cli.Terminals;

/// <summary>Meaning of a piece of the screen, which gives it its colour.</summary>
internal enum Tint
{
    Plain,
    Strong,
    Quiet,
    Good,
    Waiting,
    Bad,
}
