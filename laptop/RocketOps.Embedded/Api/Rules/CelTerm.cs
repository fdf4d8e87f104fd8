namespace RocketOps.Embedded.Api.Rules;

/// <summary>A compiled part of a rule. Values are null, bool, long, double, string, <see cref="System.Numerics.BigInteger"/> (a quantity in billionths), or a JSON object or array.</summary>
/// <exception cref="CelException">The value cannot be computed.</exception>
internal delegate object? CelTerm(CelScope scope);

/// <summary>A variable that a rule sees, and those around it.</summary>
internal sealed record CelScope(string Name, object? Value, CelScope? Outer = null)
{
    public object? Find(string name)
    {
        for (CelScope? scope = this; scope is not null; scope = scope.Outer)
        {
            if (scope.Name == name)
            {
                return scope.Value;
            }
        }

        throw new CelException($"no such attribute(s): {name}");
    }
}

/// <summary>A function that rules of built-in kinds have besides.</summary>
internal delegate object? CelFunction(CelScope scope, IReadOnlyList<object?> arguments);

/// <summary>A rule that fails while it runs counts as violated; the message is the real server's.</summary>
internal sealed class CelException(string message) : Exception(message);
