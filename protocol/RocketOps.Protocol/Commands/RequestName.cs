using System.Collections.Frozen;
using System.Reflection;

namespace RocketOps.Protocol.Commands;

/// <summary>Names of requests in texts for people, as <see cref="RequestCode"/> has them.</summary>
public static class RequestName
{
    private static readonly FrozenDictionary<int, string> Names = typeof(RequestCode).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Where(static field => field.IsLiteral).ToFrozenDictionary(static field => (int)field.GetRawConstantValue()!, static field => field.Name);

    /// <summary><c>HeartBeat</c>; of a code that has no name here the code itself.</summary>
    public static string Of(int code) => Names.GetValueOrDefault(code) ?? $"request code {code}";
}
