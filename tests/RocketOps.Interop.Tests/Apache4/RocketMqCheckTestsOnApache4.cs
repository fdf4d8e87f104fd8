using RocketOps.Interop.Tests.Fixtures;
using Xunit.Abstractions;

namespace RocketOps.Interop.Tests.Apache4;

[Collection(Apache4Collection.Name)]
public sealed class RocketMqCheckTestsOnApache4(Apache4Fixture fixture, ITestOutputHelper output) : RocketMqCheckTests(fixture, output);
